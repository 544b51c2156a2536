"""How to slow down the callers of a web service."""

from limits.rate import RateLimiter

limiter = RateLimiter(10, "1m")


def handle(request):
    if not limiter.acquire():
        return 429
    return 200
