"""Models trusted communications: branding, verification and STIR/SHAKEN, in two generations.

Summaries of today have `verified_caller`, `branded`, `business_profile` and `voice_integrity`;
older ones, and Twilio's own documentation, have `branded_call`.
"""

from gateway.insights.catalogue import UNRECOGNIZED, Entity, Pii, Text, Vocabulary, fact
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

    verified: bool | None = fact("Whether it was, for example by SHAKEN/STIR attestation A.")


class Branded(Entity, frozen=True):
    """Branding of a call, as it is today."""

    enabled: bool | None = fact("Whether the call was branded.")
    display_name: Text | None = fact("Name shown to the called.", on=_BRANDED)
    long_display_name: Text | None = fact("Longer name, for displays that have room.", on=_BRANDED)
    bundle_sid: Text | None = fact("SID of the branding.", on=_BRANDED)
    logo: bool | None = fact("Whether a logo was shown.", on=_BRANDED)
    type: BrandedType | None = fact("How it was delivered.", on=_BRANDED)
    use_case: Text | None = fact("Purpose, as set up.", on=_BRANDED)
    call_reason: Text | None = fact("Reason shown to the called.", on=_BRANDED)


class BusinessProfile(Entity, frozen=True):
    """The business behind the number."""

    bundle_sid: Text | None = fact("SID of the profile.", on=_BUSINESS)
    identity: BusinessIdentity | None = fact("The kind of registrant.", on=_BUSINESS)
    industry: BusinessIndustry | None = fact("Its industry.", on=_BUSINESS)
    type: BusinessProfileType | None = fact("Which profile.", on=_BUSINESS)


class VoiceIntegrity(Entity, frozen=True):
    """Registration of the number with analytics engines, against spam labels."""

    enabled: bool | None = fact("Whether the number is registered.")
    bundle_sid: Text | None = fact("SID of the registration.", on=_INTEGRITY)
    use_case: VoiceIntegrityUseCase | None = fact("The use of the number.", on=_INTEGRITY)


class BrandedCall(Entity, frozen=True):
    """Branding of a call, as it was in older summaries."""

    branded: bool | None = fact("Whether branding was shown on the called device.", on=_LEGACY)
    caller: Text | None = fact("Caller ID that was shown.", on=_LEGACY, pii=Pii.IDENTITY)
    use_case: Text | None = fact("Purpose of the call.", on=_LEGACY)
    branded_channel_sid: Text | None = fact("SID of the branded channel.", on=_LEGACY)
    business_sid: Text | None = fact("SID of the business.", on=_LEGACY)
    brand_sid: Text | None = fact("SID of the brand.", on=_LEGACY)


class Trust(Entity, frozen=True):
    """Attested identity of the caller."""

    verified_caller: VerifiedCaller | None = fact("Whether the caller ID was proven.")
    branded: Branded | None = fact("Branding, as it is today.", on=_BRANDED)
    business_profile: BusinessProfile | None = fact("The business behind the number.", on=_BUSINESS)
    voice_integrity: VoiceIntegrity | None = fact(
        "Registration against spam labels.", on=_INTEGRITY
    )
    branded_call: BrandedCall | None = fact("Branding, as it was in older summaries.", on=_LEGACY)
