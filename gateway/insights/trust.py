"""Models trusted communications: branding, verification and STIR/SHAKEN, in two generations.

Summaries of today have `verified_caller`, `branded`, `business_profile` and `voice_integrity`;
older ones, and Twilio's own documentation, have `branded_call`.
"""

from typing import Annotated

from gateway.insights.catalogue import UNRECOGNIZED, Entity, Fact, Pii, Text, Vocabulary
from gateway.insights.trust_words import BusinessIndustry, VoiceIntegrityUseCase

_BRANDED = "branded calls"
_LEGACY = "branded calls of older summaries"
_BUSINESS = "calls from numbers with a business profile"
_INTEGRITY = "calls from numbers with Voice Integrity"


class BrandedType(Vocabulary):
    """How the branding of a call is delivered."""

    IN_BAND = "in_band", "With the call itself."
    OUT_OF_BAND = "out_of_band", "Beside the call."
    UNRECOGNIZED = UNRECOGNIZED


class BusinessIdentity(Vocabulary):
    """The kind of registrant of a business profile."""

    DIRECT_CUSTOMER = "direct_customer", "The business itself."
    ISV_RESELLER_OR_PARTNER = "isv_reseller_or_partner", "A reseller or partner, for a business."
    UNRECOGNIZED = UNRECOGNIZED


class BusinessProfileType(Vocabulary):
    """Which of a customer's business profiles it is."""

    PRIMARY = "primary", "The customer's own profile."
    SECONDARY = "secondary", "A profile for a business that the customer serves."
    CORPORATE = "corporate", "A company; seen in answers, cannot be filtered by."
    UNRECOGNIZED = UNRECOGNIZED


class VerifiedCaller(Entity, frozen=True):
    """Whether the caller ID was proven."""

    verified: Annotated[
        bool | None, Fact("Whether it was, for example by SHAKEN/STIR attestation A.")
    ] = None


class Branded(Entity, frozen=True):
    """Branding of a call, as it is today."""

    enabled: Annotated[bool | None, Fact("Whether the call was branded.")] = None
    display_name: Annotated[Text | None, Fact("Name shown to the called.", on=_BRANDED)] = None
    long_display_name: Annotated[
        Text | None, Fact("Longer name, for displays that have room.", on=_BRANDED)
    ] = None
    bundle_sid: Annotated[Text | None, Fact("SID of the branding.", on=_BRANDED)] = None
    logo: Annotated[bool | None, Fact("Whether a logo was shown.", on=_BRANDED)] = None
    type: Annotated[BrandedType | None, Fact("How it was delivered.", on=_BRANDED)] = None
    use_case: Annotated[Text | None, Fact("Purpose, as set up.", on=_BRANDED)] = None
    call_reason: Annotated[Text | None, Fact("Reason shown to the called.", on=_BRANDED)] = None


class BusinessProfile(Entity, frozen=True):
    """The business behind the number."""

    bundle_sid: Annotated[Text | None, Fact("SID of the profile.", on=_BUSINESS)] = None
    identity: Annotated[BusinessIdentity | None, Fact("The kind of registrant.", on=_BUSINESS)] = (
        None
    )
    industry: Annotated[BusinessIndustry | None, Fact("Its industry.", on=_BUSINESS)] = None
    type: Annotated[BusinessProfileType | None, Fact("Which profile.", on=_BUSINESS)] = None


class VoiceIntegrity(Entity, frozen=True):
    """Registration of the number with analytics engines, against spam labels."""

    enabled: Annotated[bool | None, Fact("Whether the number is registered.")] = None
    bundle_sid: Annotated[Text | None, Fact("SID of the registration.", on=_INTEGRITY)] = None
    use_case: Annotated[
        VoiceIntegrityUseCase | None, Fact("The use of the number.", on=_INTEGRITY)
    ] = None


class BrandedCall(Entity, frozen=True):
    """Branding of a call, as it was in older summaries."""

    branded: Annotated[
        bool | None, Fact("Whether branding was shown on the called device.", on=_LEGACY)
    ] = None
    caller: Annotated[
        Text | None, Fact("Caller ID that was shown.", on=_LEGACY, pii=Pii.IDENTITY)
    ] = None
    use_case: Annotated[Text | None, Fact("Purpose of the call.", on=_LEGACY)] = None
    branded_channel_sid: Annotated[Text | None, Fact("SID of the branded channel.", on=_LEGACY)] = (
        None
    )
    business_sid: Annotated[Text | None, Fact("SID of the business.", on=_LEGACY)] = None
    brand_sid: Annotated[Text | None, Fact("SID of the brand.", on=_LEGACY)] = None


class Trust(Entity, frozen=True):
    """Attested identity of the caller."""

    verified_caller: Annotated[VerifiedCaller | None, Fact("Whether the caller ID was proven.")] = (
        None
    )
    branded: Annotated[Branded | None, Fact("Branding, as it is today.", on=_BRANDED)] = None
    business_profile: Annotated[
        BusinessProfile | None, Fact("The business behind the number.", on=_BUSINESS)
    ] = None
    voice_integrity: Annotated[
        VoiceIntegrity | None, Fact("Registration against spam labels.", on=_INTEGRITY)
    ] = None
    branded_call: Annotated[
        BrandedCall | None, Fact("Branding, as it was in older summaries.", on=_LEGACY)
    ] = None
