"""Asking for many names politely: in batches, with pauses, giving way when refused."""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from alpha_kedro.sources.yahoo.answers import Answer, Failure
from alpha_kedro.sources.yahoo.keep import Outcome
from alpha_kedro.sources.yahoo.plan import Request
from alpha_kedro.sources.yahoo.spec import YahooMarketSpec

Ask = Callable[[Request], Answer]
Keep = Callable[[Request, Answer], Outcome | Request]
NOT_ASKED = Failure("rate_limited", "not asked any more")


class Download:
    """One run through the names that have to be asked for.

    Parameters
    ----------
    ask
        Asks for one name; called in ``spec.threads`` threads.
    keep
        Stores one answer, or returns what has to be asked instead; called in this
        thread as soon as an answer is final, so that what is done stays done.
    spec
        Batches, pauses, retries.
    sleep
        Waits some seconds.
    jitter
        Draws how much shorter than planned a wait before a retry is: clients that were
        refused together must not come back together.
    """

    def __init__(
        self,
        ask: Ask,
        keep: Keep,
        *,
        spec: YahooMarketSpec,
        sleep: Callable[[float], None],
        jitter: random.Random,
    ) -> None:
        self.ask = ask
        self.keep = keep
        self.spec = spec
        self.sleep = sleep
        self.jitter = jitter

    def outcomes(self, requests: Sequence[Request]) -> Iterator[Outcome]:
        """Yield how each name stands, one for each request.

        A whole batch that stays rate limited ends the run: who is refused and asks on
        is refused for longer. The rest counts as rate limited, and was not asked.
        """
        waiting = list(requests)
        while waiting:
            size = self.spec.batch_size
            batch, waiting = waiting[:size], waiting[size:]
            again, n_limited = [], 0
            for request, answer in self._answers(batch):
                n_limited += _is_rate_limited(answer)
                kept = self.keep(request, answer)
                if isinstance(kept, Request):
                    again.append(kept)
                else:
                    yield kept
            waiting = again + waiting
            if n_limited == len(batch):
                yield from self._give_up(waiting)
                return
            if waiting:
                self.sleep(self.spec.pause_seconds)

    def _answers(self, batch: Sequence[Request]) -> Iterator[tuple[Request, Answer]]:
        """Yield the final answer to each request, retrying what may pass."""
        tries_left = self.spec.max_retries
        pending = list(batch)
        while pending:
            failing = []
            for request, answer in self._asked_together(pending):
                if tries_left and isinstance(answer, Failure) and answer.is_transient:
                    failing.append(request)
                else:
                    yield request, answer
            pending = failing
            if pending:
                self.sleep(self._wait(self.spec.max_retries - tries_left))
                tries_left -= 1

    def _asked_together(
        self, batch: Sequence[Request]
    ) -> Iterator[tuple[Request, Answer]]:
        with ThreadPoolExecutor(min(self.spec.threads, len(batch))) as threads:
            yield from zip(batch, threads.map(self.ask, batch), strict=True)

    def _wait(self, retries_done: int) -> float:
        planned = self.spec.backoff_seconds * 2.0**retries_done
        longest = min(planned, self.spec.max_backoff_seconds)
        return longest * self.jitter.uniform(0.5, 1.0)

    def _give_up(self, requests: Sequence[Request]) -> Iterator[Outcome]:
        for request in requests:
            kept = self.keep(request, NOT_ASKED)
            if isinstance(kept, Outcome):
                yield kept


def _is_rate_limited(answer: Answer) -> bool:
    return isinstance(answer, Failure) and answer.reason == "rate_limited"
