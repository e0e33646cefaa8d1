import pytest

from gateway.config.viewers import Scope, Viewer
from gateway.errors import BadUserInput, Forbidden
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.permissions import check_order, check_use
from tests.warehouse.conftest import REALM

MAY = Viewer("agent", REALM, frozenset(Scope))
MAY_NOT = Viewer("wallboard", REALM, frozenset({Scope.CALLS_READ}))
PERSONAL = [field for field in FIELDS.values() if field.is_personal]


def test_personal_data_is_used_by_those_alone_who_may_read_it() -> None:
    """Filters and groups would give it away: `FORBIDDEN` (the issue)."""
    assert len(PERSONAL) > 30
    for field in PERSONAL:
        check_use(MAY, [field], "where")
        with pytest.raises(Forbidden, match=field.constant):
            check_use(MAY_NOT, [field], "where")


@pytest.mark.parametrize(
    ("constant", "instead"),
    [("FROM_CALLER", "FROM_CALLER_HASH"), ("TO_CALLEE", "TO_CALLEE_HASH")],
)
def test_the_refusal_names_the_stand_in_which_is_free(constant: str, instead: str) -> None:
    """`FROM_CALLER_HASH` and `TO_CALLEE_HASH` are free (the issue)."""
    with pytest.raises(Forbidden, match=instead):
        check_use(MAY_NOT, [FIELDS[constant]], "groupBy")
    check_use(MAY_NOT, [FIELDS[instead]], "groupBy")
    check_order(MAY_NOT, [FIELDS[instead]], "orderBy")


@pytest.mark.parametrize("constant", ["FROM_CALLER", "FROM_LOCATION_LAT", "TAGS"])
def test_what_has_no_order_is_sorted_by_by_nobody(constant: str) -> None:
    """Ciphertext and lists have none: `BAD_USER_INPUT` (the issue)."""
    with pytest.raises(BadUserInput, match=constant):
        check_order(MAY, [FIELDS[constant]], "orderBy")


def test_all_other_fields_are_free() -> None:
    """Carriers, countries, tags and numbers are nobody's data."""
    others = [field for field in FIELDS.values() if not field.is_personal]

    check_use(MAY_NOT, others, "where")
    check_order(MAY_NOT, [field for field in others if not field.many], "orderBy")
