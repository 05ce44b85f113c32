#include "lb/bgp/wire/attribute_rules.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lb/bgp/wire/attribute_type.h"
#include "lb/net/byte_reader.h"
#include "lb/net/ip_address.h"

namespace lb::bgp::wire {
namespace {

using Bytes = absl::Span<const uint8_t>;
using Found = std::optional<AttributeFault>;

constexpr uint8_t kOriginMax = 2;       // INCOMPLETE
constexpr uint8_t kSegmentTypeMax = 4;  // RFC 5065: AS_CONFED_SET
constexpr uint32_t kLoopbackNetwork = 127;

// A fault without the name of the attribute, which Judge() puts in front.
AttributeFault Withdraw(UpdateSubcode subcode, std::string text) {
  return {UpdateVerdict::kTreatAsWithdraw, subcode, std::move(text)};
}

AttributeFault WrongSize(Bytes value, std::string_view wanted) {
  return Withdraw(UpdateSubcode::kAttributeLength,
                  fmt::format("{} bytes, want {}", value.size(), wanted));
}

Found WantSize(Bytes value, size_t size) {
  if (value.size() == size) return std::nullopt;
  return WrongSize(value, fmt::format("{}", size));
}

Found WantMultiple(Bytes value, size_t unit) {
  if (!value.empty() && value.size() % unit == 0) return std::nullopt;
  return WrongSize(value, fmt::format("a multiple of {}, not 0", unit));
}

Found JudgeOrigin(Bytes value, const ParseContext&) {
  if (auto fault = WantSize(value, 1)) return fault;
  if (value.front() <= kOriginMax) return std::nullopt;
  return Withdraw(UpdateSubcode::kInvalidOrigin,
                  fmt::format("{}, want 0 to {}", value.front(), kOriginMax));
}

Found JudgePath(Bytes value, size_t as_size) {
  net::ByteReader in(value);
  while (!in.rest().empty()) {
    const uint8_t type = in.Uint8();
    const size_t count = in.Uint8();
    const Bytes numbers = in.Take(count * as_size);
    if (!in.ok() || count == 0 || type == 0 || type > kSegmentTypeMax) {
      return Withdraw(UpdateSubcode::kMalformedAsPath,
                      "a segment has a wrong type or length");
    }
    for (size_t at = 0; at < numbers.size(); at += as_size) {
      const Bytes number = numbers.subspan(at, as_size);
      if (std::count(number.begin(), number.end(), 0) ==
          static_cast<ptrdiff_t>(as_size)) {
        return Withdraw(UpdateSubcode::kMalformedAsPath, "AS 0");  // RFC 7607
      }
    }
  }
  return std::nullopt;
}

Found JudgeAsPath(Bytes value, const ParseContext& context) {
  return JudgePath(value, context.four_octet_as ? 4 : 2);
}

// RFC 4271, section 6.3: an address that no host has.
Found JudgeNextHop(Bytes value, const ParseContext&) {
  if (auto fault = WantSize(value, 4)) return fault;
  const auto address = net::IpAddress::FromBytes(value);
  if (value.front() != 0 && value.front() != kLoopbackNetwork &&
      !address->is_multicast()) {
    return std::nullopt;
  }
  return Withdraw(UpdateSubcode::kInvalidNextHop,
                  fmt::format("{} is no next hop", address->ToString()));
}

Found JudgeFourBytes(Bytes value, const ParseContext&) {
  return WantSize(value, 4);
}

Found JudgeNoBytes(Bytes value, const ParseContext&) {
  return WantSize(value, 0);
}

Found JudgeAggregator(Bytes value, const ParseContext& context) {
  const size_t as_size = context.four_octet_as ? 4 : 2;
  if (auto fault = WantSize(value, as_size + 4)) return fault;
  const Bytes number = value.first(as_size);
  if (std::any_of(number.begin(), number.end(),
                  [](uint8_t byte) { return byte != 0; })) {
    return std::nullopt;
  }
  return Withdraw(UpdateSubcode::kOptionalAttribute, "AS 0");  // RFC 7607
}

Found JudgeAs4Path(Bytes value, const ParseContext&) {
  return JudgePath(value, 4);
}

template <size_t unit>
Found JudgeMultiple(Bytes value, const ParseContext&) {
  return WantMultiple(value, unit);
}

template <size_t size>
Found JudgeSize(Bytes value, const ParseContext&) {
  return WantSize(value, size);
}

Found JudgeNothing(Bytes, const ParseContext&) { return std::nullopt; }

enum class Severity {
  kWithdraw,
  kDiscard,  // a fault of the value costs the attribute alone
  // The same, and an external peer should not send it at all.
  kInternalOnly,
};

struct Rule {
  AttributeType type{};
  std::string_view name;
  uint8_t flags = 0;
  Severity severity{};
  Found (*judge)(Bytes value, const ParseContext& context) = nullptr;
};

// RFC 7606, section 7, RFC 6793 section 6, RFC 8092 section 6 and RFC 9234.
constexpr Rule kRules[] = {
    {AttributeType::kOrigin, "ORIGIN", kWellKnown, Severity::kWithdraw,
     JudgeOrigin},
    {AttributeType::kAsPath, "AS_PATH", kWellKnown, Severity::kWithdraw,
     JudgeAsPath},
    {AttributeType::kNextHop, "NEXT_HOP", kWellKnown, Severity::kWithdraw,
     JudgeNextHop},
    {AttributeType::kMed, "MULTI_EXIT_DISC", kOptionalNonTransitive,
     Severity::kWithdraw, JudgeFourBytes},
    {AttributeType::kLocalPref, "LOCAL_PREF", kWellKnown,
     Severity::kInternalOnly, JudgeFourBytes},
    {AttributeType::kAtomicAggregate, "ATOMIC_AGGREGATE", kWellKnown,
     Severity::kDiscard, JudgeNoBytes},
    {AttributeType::kAggregator, "AGGREGATOR", kOptionalTransitive,
     Severity::kDiscard, JudgeAggregator},
    {AttributeType::kCommunities, "COMMUNITIES", kOptionalTransitive,
     Severity::kWithdraw, JudgeMultiple<4>},
    {AttributeType::kOriginatorId, "ORIGINATOR_ID", kOptionalNonTransitive,
     Severity::kInternalOnly, JudgeFourBytes},
    {AttributeType::kClusterList, "CLUSTER_LIST", kOptionalNonTransitive,
     Severity::kInternalOnly, JudgeMultiple<4>},
    {AttributeType::kMpReach, "MP_REACH_NLRI", kOptionalNonTransitive,
     Severity::kWithdraw, JudgeNothing},
    {AttributeType::kMpUnreach, "MP_UNREACH_NLRI", kOptionalNonTransitive,
     Severity::kWithdraw, JudgeNothing},
    {AttributeType::kExtendedCommunities, "EXTENDED_COMMUNITIES",
     kOptionalTransitive, Severity::kWithdraw, JudgeMultiple<8>},
    {AttributeType::kAs4Path, "AS4_PATH", kOptionalTransitive,
     Severity::kDiscard, JudgeAs4Path},
    {AttributeType::kAs4Aggregator, "AS4_AGGREGATOR", kOptionalTransitive,
     Severity::kDiscard, JudgeSize<8>},
    {AttributeType::kIpv6ExtendedCommunities, "IPV6_EXTENDED_COMMUNITIES",
     kOptionalTransitive, Severity::kWithdraw, JudgeMultiple<20>},
    {AttributeType::kLargeCommunities, "LARGE_COMMUNITY", kOptionalTransitive,
     Severity::kWithdraw, JudgeMultiple<12>},
    {AttributeType::kOnlyToCustomer, "ONLY_TO_CUSTOMER", kOptionalTransitive,
     Severity::kWithdraw, JudgeFourBytes},
};

const Rule* RuleOf(uint8_t type) {
  for (const Rule& rule : kRules) {
    if (static_cast<uint8_t>(rule.type) == type) return &rule;
  }
  return nullptr;
}

// RFC 7606, section 3 (c). Partial is only for what is optional and transitive.
bool FlagsFit(uint8_t flags, uint8_t wanted) {
  const uint8_t checked = wanted == kOptionalTransitive
                              ? kOptionalTransitive
                              : kOptionalTransitive | kPartialFlag;
  return (flags & checked) == wanted;
}

Found JudgeByRule(const Rule& rule, const Attribute& attribute,
                  const ParseContext& context) {
  if (rule.severity == Severity::kInternalOnly && !context.internal) {
    return AttributeFault{UpdateVerdict::kAttributeDiscard,
                          UpdateSubcode::kAttributeFlags,
                          "from an external peer"};
  }
  if (!FlagsFit(attribute.flags, rule.flags)) {
    return Withdraw(
        UpdateSubcode::kAttributeFlags,
        fmt::format("flags {:02x}, want {:02x}",
                    attribute.flags & ~kExtendedLengthFlag, rule.flags));
  }
  Found fault = rule.judge(attribute.value, context);
  if (fault && rule.severity == Severity::kDiscard) {
    fault->verdict = UpdateVerdict::kAttributeDiscard;
  }
  return fault;
}

}  // namespace

std::optional<AttributeFault> Judge(const Attribute& attribute,
                                    const ParseContext& context) {
  const Rule* const rule = RuleOf(attribute.type);
  if (rule == nullptr) return std::nullopt;
  Found fault = JudgeByRule(*rule, attribute, context);
  if (fault) fault->text = fmt::format("{}: {}", rule->name, fault->text);
  return fault;
}

bool IsUnknownWellKnown(const Attribute& attribute) {
  return (attribute.flags & kOptionalFlag) == 0 &&
         RuleOf(attribute.type) == nullptr;
}

}  // namespace lb::bgp::wire
