"""What a tenant may still ask for: a budget of cost that fills up again over a minute."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from functools import lru_cache
from typing import Any, NamedTuple

from errors import RateLimited

WINDOW_S = 60
KEPT_TENANTS = 10_000


class Allowance(NamedTuple):
    """What is left of a budget after a request."""

    cost: int
    limit: int
    remaining: int
    reset_s: int

    def lines(self) -> str:
        """The header fields of draft-ietf-httpapi-ratelimit-headers-06, as lines."""
        return f"{_policy(self.limit)}RateLimit-Remaining: {self.remaining}\r\nRateLimit-Reset: {self.reset_s}\r\n"

    def extension(self) -> dict[str, Any]:
        """The same, as `extensions.cost` of the answer."""
        return {
            "requested": self.cost,
            "limit": self.limit,
            "remaining": self.remaining,
            "resetAfter": self.reset_s,
        }


@lru_cache(maxsize=1)
def _policy(limit: int) -> str:
    return f"RateLimit-Limit: {limit}, {limit};w={WINDOW_S}\r\n"


class OverBudget(RateLimited):
    """The tenant has not got that much left now."""

    def __init__(self, allowance: Allowance, *, retry_after_s: int) -> None:
        super().__init__(
            f"The operation costs {allowance.cost}, and the organization's budget of {allowance.limit} a minute has "
            f"{allowance.remaining} left.",
            retry_after_s=retry_after_s,
        )
        self.allowance = allowance


class Budgets:
    """One budget per tenant, in this process. A tenant that was away for a minute has all of it again."""

    def __init__(self, per_minute: int) -> None:
        self._limit = per_minute
        self._tenants: OrderedDict[str | None, tuple[float, float]] = OrderedDict()

    def charge(self, tenant: str | None, cost: int) -> Allowance:
        """Takes the cost from the budget. Raises OverBudget when it is not there yet."""
        now = time.monotonic()
        left, at = self._tenants.pop(tenant, (float(self._limit), now))
        left = min(self._limit, left + (now - at) * self._limit / WINDOW_S)
        missing = cost - left
        if missing <= 0:
            left -= cost
        self._tenants[tenant] = (left, now)
        if len(self._tenants) > KEPT_TENANTS:
            self._tenants.popitem(last=False)
        reset_s = math.ceil((self._limit - left) * WINDOW_S / self._limit)
        allowance = Allowance(cost, self._limit, int(left), reset_s)
        if missing > 0:
            raise OverBudget(allowance, retry_after_s=math.ceil(missing * WINDOW_S / self._limit))
        return allowance
