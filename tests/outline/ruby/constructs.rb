require 'x'
module A::B
  # doc
  class C < D
    include M
    CONST = 1
    attr_accessor :x, :y
    def initialize(a, b = 1) = foo(a)
    def m?; bar; end
    def self.cm(&blk) yield end
    class << self
      def sc; end
    end
    private def pr; end
    define_method(:dm) { |x| x }
    alias_method :q, :m
    def ==(o); true; end
    def x=(v); end
    scope :recent, -> { order }
  end
end
Foo = Struct.new(:a) do
  def z; obj.call(1); Foo.new; end
end
def top; end
task :build do end
describe "x" do it "y" do end end
