# frozen_string_literal: true

require "forwardable"

module Bank
  # Holds money.
  class Account < ApplicationRecord
    extend Forwardable
    include Comparable

    LIMIT = 1_000
    attr_reader :balance, :owner

    belongs_to :customer
    scope :open, -> { where(closed: false) }

    class << self
      def open_for(owner)
        new(owner)
      end

      private

      def registry = @registry ||= {}
    end

    # @param owner [String]
    def initialize(owner, balance: 0)
      @owner = owner
      @balance = balance
    end

    def deposit!(amount)
      raise ArgumentError unless amount.positive?

      @balance += amount
    rescue RangeError
      retry
    ensure
      log(:deposit)
    end

    def <=>(other) = balance <=> other.balance
    def [](key); instance_variable_get(key); end
    def balance=(value)
      @balance = value
    end

    def self.find_by_owner(name)
      registry.fetch(name) { |missing| raise KeyError, missing }
    end

    private def log(event)
      logger.info(event)
    end

    class Error < StandardError; end
  end

  Entry = Struct.new(:amount, :at) do
    def to_s
      amount.to_s
    end
  end

  def self.configure
    yield config
  end
end

task :audit do
  Bank::Account.find_each(&:audit)
end
