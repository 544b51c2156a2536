module A
  class B < C
    CONST = 1
    attr_accessor :a, :b
    attr_reader(:c)
    def initialize(x); end
    def self.cm; end
    class << self
      def scm; end
      attr_accessor :sca
      private def pcm; end
    end
    define_method(:dm) { |x| }
    define_method("dms") do end
    alias_method :new_name, :old
    alias nn oo
    def op?(x) = x
    def +(o); end
    def []=(k, v); end
    private
    def priv; end
    scope :active, -> { where }
    has_many :things
    S = Struct.new(:x) do
      def sm; end
    end
    delegate :foo, to: :bar
  end
  M = Module.new do
    def in_mod; end
  end
  Err = Class.new(StandardError)
  module_function
  def mf; end
end
class A::D; def z; end; end
def top; end
RSpec.describe X do
  it "works" do end
end
