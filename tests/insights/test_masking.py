"""Masked personal data: useful, and nobody's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.catalogue import Pii
from gateway.insights.masking import fingerprint, mask, mask_identity


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("+14155550142", "+1415•••••42"),
        ("+4915155501234", "+4915•••••••34"),
        ("+112", "+•••"),
        ("whatsapp:+14155550142", "whatsapp:+1415•••••42"),
        ("client:ana", "client:a•••"),
        ("client:a", "client:•••"),
        ("sip:ana@pbx.acme.example", "sip:•••@pbx.acme.example"),
        ("sips:ana@pbx.acme.example:5061;transport=tls", "sips:•••@pbx.acme.example"),
        ("sip:ana@192.0.2.1", "sip:•••@•••"),
        ("sip:ana@[2001:db8::1]", "sip:•••@•••"),
        ("sip:ana@pbx.example?X-Customer=+14155550142&X-Name=Ana", "sip:•••@pbx.example"),
        ("sip:ana@acme.example@pbx.example", "sip:•••@pbx.example"),
        ("sip:ana;tag=ana@pbx.example", "sip:•••"),
        ("sip:ana@pbx.example,ana", "sip:•••@pbx.example"),
        ("sip:ana@häfen.example", "sip:•••@•••"),
        ("sip:ana", "sip:•••"),
        ("Anonymous", "•••"),
        ("14155550142", "•••"),
    ],
)
def test_what_is_useful_stays(plain: str, masked: str) -> None:
    """Country and last digits, the first letter, the host; of anything else nothing."""
    assert mask_identity(plain) == masked


@given(st.from_regex(r"\+[1-9][0-9]{3,14}", fullmatch=True))
def test_no_number_can_be_dialled_from_its_mask(number: str) -> None:
    """At most six digits are shown, never two runs of them that join to the whole."""
    shown = re.sub(r"\D", "", mask_identity(number))
    assert len(shown) <= 6
    assert len(shown) <= len(number) - 3


@given(
    st.text(st.characters(exclude_characters=";?,/")),
    st.sampled_from(["", ";transport=tls;", "?X-Name=", ":5061;a?b=", ",", "/"]),
    st.text(),
)
def test_of_a_sip_address_the_host_alone_is_shown(user: str, between: str, more: str) -> None:
    """Whatever stands before it or behind it: nobody knows what that says."""
    rest = f"{between}{more}" if between else ""
    assert mask_identity(f"sip:{user}@pbx.example{rest}") == "sip:•••@pbx.example"


@given(st.text())
def test_anything_can_be_masked(text: str) -> None:
    """Nothing raises, and nothing long comes through whole."""
    masked = mask_identity(text)
    assert "•" in masked
    assert text not in masked or not text or set(text) <= set("•:sipclent@+")


@pytest.mark.parametrize(
    ("value", "pii", "masked"),
    [
        ("San Francisco", Pii.LOCATION, None),
        (37.7749, Pii.LOCATION, 38.0),
        (-122.4194, Pii.LOCATION, -122.0),
        ("192.0.2.1", Pii.NETWORK, None),
        ("Zoiper 5", Pii.DEVICE, None),
        ("call ana back", Pii.FREE_TEXT, None),
        ("pcmu", Pii.NONE, "pcmu"),
        (None, Pii.IDENTITY, None),
    ],
)
def test_each_class_has_its_mask(value: object, pii: Pii, masked: object) -> None:
    """A location to the degree; no address, city, device or words of people."""
    assert mask(value, pii) == masked


def test_a_fingerprint_stands_for_its_number_with_its_key_only() -> None:
    """The same for the same, another with another key, and nothing for nothing."""
    one = fingerprint("+14155550142", b"key of one account")
    assert one == fingerprint("+14155550142", b"key of one account")
    assert one != fingerprint("+14155550142", b"key of another")
    assert one != fingerprint("+14155550143", b"key of one account")
    assert fingerprint(None, b"key") is None
