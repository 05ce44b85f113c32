#include "lb/bfd/wire/verdict.h"

#include "lb/base/check.h"

namespace lb::bfd {

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccepted:
      return "accepted";
    case Verdict::kTooShort:
      return "too_short";
    case Verdict::kWrongVersion:
      return "wrong_version";
    case Verdict::kWrongLength:
      return "wrong_length";
    case Verdict::kZeroMultiplier:
      return "zero_multiplier";
    case Verdict::kMultipoint:
      return "multipoint";
    case Verdict::kZeroDiscriminator:
      return "zero_discriminator";
    case Verdict::kNoYourDiscriminator:
      return "no_your_discriminator";
    case Verdict::kUnexpectedAuthentication:
      return "unexpected_authentication";
    case Verdict::kLowTtl:
      return "low_ttl";
    case Verdict::kUnknownDiscriminator:
      return "unknown_discriminator";
    case Verdict::kUnknownPeer:
      return "unknown_peer";
    case Verdict::kWrongPort:
      return "wrong_port";
    case Verdict::kWrongInterface:
      return "wrong_interface";
  }
  LB_UNREACHABLE();
}

}  // namespace lb::bfd
