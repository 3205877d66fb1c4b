"""What the law of a called country has an automatic call say."""

# A key or a word that opts out, told of within two seconds of who calls: 47 CFR 64.1200(b)(3). It
# holds in the territories too, and for the voice of an AI by the FCC's ruling 24-17.
_UNITED_STATES = ("AS", "GU", "MP", "PR", "US", "VI")
# How to refuse further ones, in each: Communications Law (Bezeq and Broadcasting), 1982, 30A(e).
_ISRAEL = ("IL",)
_TOLD = frozenset({*_UNITED_STATES, *_ISRAEL})


def tells_how_to_opt_out(country: str | None) -> bool:
    """Whether a call must say at its beginning how to get no more of them.

    The laws ask it of advertisements. What a call is about is not known here, so each one says it.
    """
    return country in _TOLD
