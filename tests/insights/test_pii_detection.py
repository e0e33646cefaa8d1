import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.pii_detection import personal_data

PHONES = """
+14155550100
call +1 415 555 0100 back
+1 (415) 555-0100
+49 (0)30 1234567
0049 30 1234567
0041441234567
(415) 555-0100
(415)555-0100
415-555-0100
415–555–0100
415.555.0100
1-415-555-0100
4155550100
she is at 14155550100.
tel:4155550100
020 7946 0958
01234 567890
0161 496 0000
(030) 1234567
030/1234567
0171-2345678
044 668 18 00
06 12 34 56 78
06-12345678
090-1234-5678
07700900123
https://acme.example/?to=%2B14155550100
＋１４１５５５５０１００
""".strip().splitlines()  # noqa: RUF001 - people do write numbers so
CARDS = """
4111 1111 1111 1111
4111-1111-1111-1111 exp 12/27
4111111111111111
card 3782 822463 10005
378282246310005
5555555555554444
30569309025904
https://acme.example/pay/4111111111111111
""".strip().splitlines()
ADDRESSES = """
alice@example.com
write to alice.b+x@mail.example.co.uk!
sip:alice@example.com
alice%40example.com
jörg@bücher.example
a＠example.com
""".strip().splitlines()  # noqa: RUF001 - the same
HARMLESS = """
INC-20261123
INC0012345678
INC-2026112345
#4155550100
case 00012345
DESK-77, see DESK-1234
https://acme.example/tickets/17353089
https://desk.example/support/tickets/17353089?from=2025550100
https://acme.example/orders/4155550100
2026-11-23 07:29:00
2026-11-23T07:29:00+0100 to 08:15
2026-11-05 0729-0815
20261123072900
23.11.2026 14.30
01.02.2026 03.04.2026
07:29-08:15
lasted 00:12:30
waited 45 s, then 3600 s
1780000000
1780000000000
192.168.10.20:5060
0.05 % of 12000 packets
1.000.000 packets, 100% lost
jitter 15.950148, at most 129.283602
0.0012345678
37.7749, -122.4194
CA2503a90f0b400dcb83e6046730b93002
12345678-1234-1234-1234-123456789012
123e4567-e89b-12d3-a456-426614174000
4111111111111112
94105-1234
extension 5550, room 555-0100
@support on https://social.example/@author/post.html
sdk@2.11.3
""".strip().splitlines()


@pytest.mark.parametrize("text", PHONES)
def test_phone_numbers_are_seen_as_people_write_them(text: str) -> None:
    """With country code, with trunk prefix, as in North America; in any dash or width."""
    assert personal_data(text) == "a phone number"


@pytest.mark.parametrize("text", CARDS)
def test_card_numbers_are_seen(text: str) -> None:
    """Bare or in groups, and wherever they stand."""
    assert personal_data(text) == "a card number"


@pytest.mark.parametrize("text", ADDRESSES)
def test_e_mail_addresses_are_seen(text: str) -> None:
    """SIP addresses too, which look the same."""
    assert personal_data(text) == "an e-mail address"


@pytest.mark.parametrize("text", HARMLESS)
def test_what_support_writes_every_day_passes(text: str) -> None:
    """Tickets, links, times, figures and identifiers are no personal data."""
    assert personal_data(text) is None


@given(
    st.text("123456789", min_size=1, max_size=1),
    st.lists(st.text(string.digits, min_size=2, max_size=4), min_size=4, max_size=4).filter(
        lambda groups: 8 <= sum(map(len, groups)) <= 14
    ),
    st.sampled_from(["", " ", "-", ".", " - ", "/"]),
    st.sampled_from(["", "please call ", "x", "(", "to="]),
)
def test_a_number_with_its_country_code_never_passes(
    first: str, groups: list[str], between: str, before: str
) -> None:
    """However its digits are grouped, and whatever stands before it."""
    assert personal_data(f"{before}+{first}{between.join(groups)} thanks") is not None


@given(st.from_regex(r"\A4[0-9]{14}\Z"), st.sampled_from(["", " ", "-"]))
def test_a_card_is_known_by_its_check_digit(digits: str, between: str) -> None:
    """One of the ten numbers that begin with these digits is a card; the others are not."""
    numbers = [f"{digits}{check}" for check in range(10)]
    groups = [between.join(n[place : place + 4] for place in (0, 4, 8, 12)) for n in numbers]
    assert sum(personal_data(number) == "a card number" for number in groups) == 1


@given(st.text(max_size=100).filter(lambda text: not any(c.isdecimal() or c == "@" for c in text)))
def test_words_alone_always_pass(text: str) -> None:
    """Without a digit or an `@`, in whatever form, there is nothing to see."""
    assert personal_data(text) is None or "＠" in text or "﹫" in text or "%40" in text  # noqa: RUF001


@given(st.text(string.ascii_letters + " ,;", max_size=40), st.integers(0, 9_999_999))
def test_a_short_number_among_words_always_passes(words: str, number: int) -> None:
    """A count, a year, an extension, a ticket: up to seven digits say nothing of a person."""
    assert personal_data(f"{words} {number} {words}") is None
