"""The books again, name by name and in plain Python: slow, and plain to see."""

from math import fsum, inf, isnan, nan, sqrt

YEAR = 252


class SlowBooks:
    """Keeps books of lists of rows; prices are NaN where there is none.

    ``market``: open, high, low, close, dividend, dollar_volume, traded, shortable.
    ``rates``: trading, borrow, impact, the same for every name and session.
    ``exits``: last return of each name. ``spec``: a SimulationSpec.
    """

    def __init__(self, market, rates, exits, spec):
        self.market, self.rates, self.exits, self.spec = market, rates, exits, spec
        self.n_dates, self.names = len(market["close"]), range(len(market["close"][0]))
        self.cash, self.units = 1.0, [0.0 for _ in self.names]
        self.known = [0.0 for _ in self.names]  # last price of each name
        self.order, self.left = {}, 0  # name -> units it is to hold
        self.alive, self.nav, self.unfilled, self.cut = True, [], [], []
        self.bills = []

    def run(self, decisions, keeps):
        for row in range(self.n_dates):
            self.unfilled.append(0)
            self.cut.append(0)
            self.bills.append({"trading": 0, "impact": 0, "borrow": 0, "financing": 0})
            if self.alive:
                self.session(row, decisions.get(row - self.spec.lag), keeps.get(row))
            self.nav.append(self.worth() if self.alive else 0.0)
        return self

    def worth(self):
        held = [u * p for u, p in zip(self.units, self.known, strict=True)]
        return fsum([self.cash, *held])

    def solvent(self):
        if self.worth() <= 0:
            self.alive = False
        return self.alive

    def session(self, row, target, keep):
        market = self.market
        if self.spec.dividends == "cash":
            self.cash += fsum(
                self.units[i] * market["dividend"][row][i] for i in self.names
            )
        for i in self.names:
            if self.dead_at(row, i):
                last = self.last_bar(i)
                self.known[i] = market["close"][last][i] * (1 + self.exits[i])
                self.dead(i)
            elif not isnan(market["open"][row][i]):
                self.known[i] = market["open"][row][i]
        if not self.solvent():
            return
        fills = [self.fill_price(row, i) for i in self.names]
        for i in self.names:
            self.known[i] = self.known[i] if isnan(fills[i]) else fills[i]
        if not self.solvent():
            return
        self.trade(row, target, keep, fills)
        shorts = fsum(max(-self.units[i] * self.known[i], 0) for i in self.names)
        borrow = shorts * self.rates["borrow"]
        free = self.cash - shorts
        rate = self.spec.cash_bps_annual if free > 0 else self.spec.financing_bps_annual
        accrues = row > 0  # from close to close
        interest = accrues * free * rate / 1e4 / YEAR
        rebate = accrues * shorts * self.spec.short_rebate_bps_annual / 1e4 / YEAR
        self.bills[row]["borrow"] = borrow
        self.bills[row]["financing"] = max(-interest, 0)
        self.cash += interest + rebate - borrow
        if not self.solvent():
            return
        for i in self.names:
            close = market["close"][row][i]
            self.known[i] = self.known[i] if isnan(close) else close
        self.solvent()

    def dead(self, i):
        self.cash += self.units[i] * self.known[i]
        self.units[i] = 0.0

    def last_bar(self, i):
        bars = [r for r in range(self.n_dates) if not isnan(self.market["close"][r][i])]
        return bars[-1] if bars else None

    def dead_at(self, row, i):
        last, after = self.last_bar(i), self.spec.delisted_after
        gone = last is not None and self.n_dates - 1 - last >= after
        return gone and row == last + after

    def fill_price(self, row, i):
        high, low, close = (self.market[k][row][i] for k in ("high", "low", "close"))
        if self.spec.fill == "vwap":
            return (high + low + close) / 3
        return self.market[self.spec.fill][row][i]

    def may_trade(self, row, i):
        if self.spec.max_adv_share is None:
            return inf
        past = self.market["dollar_volume"][max(0, row - self.spec.adv_window) : row]
        volumes = [0.0 if isnan(day[i]) else day[i] for day in past]
        mean = fsum(volumes) / len(volumes) if volumes else 0.0
        return self.spec.max_adv_share * mean / self.spec.capital

    def trade(self, row, target, keep, fills):
        nav, new = self.worth(), target is not None
        if new:
            self.unfilled[row] += len(self.order)
            self.left = self.spec.order_life
            self.order = {
                i: (0.0 if isnan(target[i]) else target[i]) * nav
                for i in self.names
                if keep is None or not keep[i]
            }
        elif self.order:
            self.order = {i: units * self.known[i] for i, units in self.order.items()}
        rest = {}
        for i, wanted in self.order.items():
            held = self.units[i] * self.known[i]
            reached = held
            if self.market["traded"][row][i] and not isnan(fills[i]):
                reached = wanted
                if not self.market["shortable"][row][i]:
                    reached = max(wanted, min(held, 0.0))
            if abs(reached - held) > self.may_trade(row, i):
                step = self.may_trade(row, i)
                reached = held + (step if reached > held else -step)
                self.cut[row] += 1
            if reached != held:
                self.pay(row, reached - held)
                self.units[i] = reached / self.known[i]
            if reached != wanted:
                rest[i] = wanted / self.known[i] if self.known[i] else nan
        self.order, self.left = rest, self.left - 1
        never = [i for i, units in rest.items() if isnan(units)]
        if self.left <= 0 or row == self.n_dates - 1:
            self.unfilled[row] += len(rest)
            self.order = {}
        else:
            self.unfilled[row] += len(never)
            self.order = {i: u for i, u in rest.items() if i not in never}

    def pay(self, row, trade):
        trading = abs(trade) * self.rates["trading"]
        impact = abs(trade) * sqrt(abs(trade)) * self.rates["impact"]
        self.bills[row]["trading"] += trading
        self.bills[row]["impact"] += impact
        self.cash -= trade + trading + impact
