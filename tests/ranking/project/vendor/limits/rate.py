"""A copy of an old limiter."""


class RateLimiter:
    """Slows down callers that come too often."""

    def acquire(self, cost=1):
        """Take tokens for one call; False when there are too few."""
        return self.tokens >= cost
