"""Rate limits per credential, in the shared cache: a fixed window of one minute."""

import time

from django.core.cache import cache

from config.errors import RateLimited


def count_call(scope: str, credential: str, limit: int) -> None:
    """Count one call of `credential` in `scope`. Raises RateLimited (with Retry-After) above `limit` a minute."""
    now = time.time()
    key = f"rate:{scope}:{credential}:{int(now // 60)}"
    cache.add(key, 0, timeout=120)
    try:
        calls = cache.incr(key)
    except ValueError:  # evicted between the two calls: the window starts anew
        return
    if calls > limit:
        wait = 60 - int(now % 60)
        raise RateLimited(f"More than {limit} calls a minute.", headers={"Retry-After": str(wait)})
