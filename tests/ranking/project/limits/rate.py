"""A token bucket: a caller may go on while tokens are left."""

from limits.durations import parse_duration

DEFAULT_TIMEOUT = 30


class RateLimiter:
    """Slows down callers that come too often."""

    def __init__(self, rate, per):
        self.tokens = rate
        self.rate = rate
        self.period = parse_duration(per)

    def acquire(self, cost=1):
        """Take tokens for one call; False when there are too few."""
        self.refill()
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True

    def refill(self):
        """Give back the tokens that time has earned."""
        self.tokens = min(self.rate, self.tokens + self.elapsed() * self.rate / self.period)
