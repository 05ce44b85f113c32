#include "lb/bgp/wire/update_parser.h"

#include <bitset>
#include <utility>

#include "lb/bgp/wire/attribute_rules.h"
#include "lb/bgp/wire/attribute_type.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/byte_reader.h"

namespace lb::bgp::wire {
namespace {

using Bytes = absl::Span<const uint8_t>;
using net::IpFamily;

// The lengths of the withdrawn prefixes and of the attributes.
constexpr size_t kLengthFields = 4;

// None: a prefix is longer than the family allows, or it is cut short (RFC
// 7606, section 5.3).
std::optional<size_t> CountPrefixes(Bytes bytes, IpFamily family) {
  net::ByteReader in(bytes);
  size_t count = 0;
  while (!in.rest().empty()) {
    const int length = in.Uint8();
    if (length > net::BitCount(family)) return std::nullopt;
    in.Take(static_cast<size_t>(length + 7) / 8);
    if (!in.ok()) return std::nullopt;
    ++count;
  }
  return count;
}

// Next hops of these sizes leave no doubt where the prefixes begin. RFC 8950
// and RFC 2545; four bytes are IPv4's own in MP_REACH_NLRI.
bool IsNextHopSize(size_t size) {
  return size == 4 || size == 16 || size == 32;
}

// One UPDATE while it is read.
class UpdateReader {
 public:
  explicit UpdateReader(const ParseContext& context) : context_(context) {}

  Result<ReceivedUpdate> Read(Bytes body);

 private:
  using Fatal = std::optional<Notification>;

  Fatal ReadAttributes(Bytes attributes);
  Fatal ReadAttribute(const Attribute& attribute);
  Fatal ReadReach(const Attribute& attribute);
  Fatal ReadUnreach(const Attribute& attribute);
  void CheckMandatory();
  void Add(AttributeFault fault, Bytes attribute);
  bool Has(AttributeType type) const {
    return seen_[static_cast<uint8_t>(type)];
  }
  bool announces() const {
    return update_.ipv4.announced + update_.ipv6.announced > 0 || other_family_;
  }

  const ParseContext context_;
  size_t body_size_ = 0;
  ReceivedUpdate update_;
  std::bitset<256> seen_;        // types of attributes
  bool plain_ = false;           // prefixes outside of MP_REACH_NLRI
  bool other_family_ = false;    // MP_REACH_NLRI of one that we do not read
  bool beyond_unreach_ = false;  // an attribute that is not MP_UNREACH_NLRI
  // What the gravest fault is if the session has to be reset.
  Notification as_reset_;
};

Result<ReceivedUpdate> UpdateReader::Read(Bytes body) {
  net::ByteReader in(body);
  const Bytes withdrawn = in.Take(in.Uint16());
  const Bytes attributes = in.Take(in.Uint16());
  if (!in.ok()) return Fault(UpdateSubcode::kMalformedAttributeList);
  const auto withdrawn_count = CountPrefixes(withdrawn, IpFamily::kIpv4);
  const auto announced_count = CountPrefixes(in.rest(), IpFamily::kIpv4);
  if (!withdrawn_count || !announced_count) {
    return Fault(UpdateSubcode::kInvalidNetworkField);
  }
  update_.ipv4 = {*announced_count, *withdrawn_count};
  plain_ = *announced_count > 0;
  body_size_ = body.size();
  if (body_size_ == kLengthFields) update_.end_of_rib = IpFamily::kIpv4;
  if (Fatal fatal = ReadAttributes(attributes)) return *std::move(fatal);
  CheckMandatory();
  // RFC 7606, section 5.2: with nothing to withdraw, a fault may hide what was
  // announced.
  if (update_.verdict == UpdateVerdict::kTreatAsWithdraw && !announces() &&
      beyond_unreach_) {
    return as_reset_;
  }
  return update_;
}

std::optional<Notification> UpdateReader::ReadAttributes(Bytes attributes) {
  net::ByteReader in(attributes);
  while (!in.rest().empty()) {
    Attribute attribute;
    attribute.whole = in.rest();
    attribute.flags = in.Uint8();
    attribute.type = in.Uint8();
    const bool is_long = (attribute.flags & kExtendedLengthFlag) != 0;
    attribute.value = in.Take(is_long ? in.Uint16() : in.Uint8());
    if (!in.ok()) {  // RFC 7606, section 4
      beyond_unreach_ = true;
      Add({UpdateVerdict::kTreatAsWithdraw,
           UpdateSubcode::kMalformedAttributeList,
           "path attributes: the last is cut short"},
          {});
      return std::nullopt;
    }
    attribute.whole =
        attribute.whole.first(attribute.whole.size() - in.rest().size());
    if (Fatal fatal = ReadAttribute(attribute)) return fatal;
  }
  return std::nullopt;
}

std::optional<Notification> UpdateReader::ReadAttribute(
    const Attribute& attribute) {
  const auto type = static_cast<AttributeType>(attribute.type);
  const bool is_multiprotocol =
      type == AttributeType::kMpReach || type == AttributeType::kMpUnreach;
  if (Has(type)) {  // RFC 7606, section 3 (g)
    if (is_multiprotocol) return Fault(UpdateSubcode::kMalformedAttributeList);
    Add({UpdateVerdict::kAttributeDiscard,
         UpdateSubcode::kMalformedAttributeList,
         "path attributes: one is repeated"},
        attribute.whole);
    return std::nullopt;
  }
  seen_.set(attribute.type);
  if (type != AttributeType::kMpUnreach) beyond_unreach_ = true;
  if (IsUnknownWellKnown(attribute)) {
    return Fault(UpdateSubcode::kUnrecognizedWellKnown, attribute.whole);
  }
  if (auto fault = Judge(attribute, context_)) {
    Add(*std::move(fault), attribute.whole);
  }
  if (type == AttributeType::kMpReach) return ReadReach(attribute);
  if (type == AttributeType::kMpUnreach) return ReadUnreach(attribute);
  return std::nullopt;
}

std::optional<Notification> UpdateReader::ReadReach(
    const Attribute& attribute) {
  net::ByteReader in(attribute.value);
  const uint16_t afi = in.Uint16();
  const uint8_t safi = in.Uint8();
  const size_t next_hop_size = in.Take(in.Uint8()).size();
  in.Uint8();  // reserved
  if (!in.ok()) {
    return Fault(UpdateSubcode::kOptionalAttribute, attribute.whole);
  }
  const auto family = FamilyOfUnicast({afi, safi});
  if (!family) {
    other_family_ = true;
    return std::nullopt;
  }
  const auto count = CountPrefixes(in.rest(), *family);
  if (!IsNextHopSize(next_hop_size) || !count) {
    return Fault(UpdateSubcode::kOptionalAttribute, attribute.whole);
  }
  update_.of(*family).announced += *count;
  return std::nullopt;
}

std::optional<Notification> UpdateReader::ReadUnreach(
    const Attribute& attribute) {
  net::ByteReader in(attribute.value);
  const uint16_t afi = in.Uint16();
  const uint8_t safi = in.Uint8();
  if (!in.ok()) {
    return Fault(UpdateSubcode::kOptionalAttribute, attribute.whole);
  }
  const auto family = FamilyOfUnicast({afi, safi});
  if (!family) return std::nullopt;
  const auto count = CountPrefixes(in.rest(), *family);
  if (!count) return Fault(UpdateSubcode::kOptionalAttribute, attribute.whole);
  update_.of(*family).withdrawn += *count;
  const bool is_alone = attribute.whole.size() + kLengthFields == body_size_;
  if (*count == 0 && is_alone) update_.end_of_rib = family;  // RFC 4724
  return std::nullopt;
}

void UpdateReader::CheckMandatory() {
  if (!announces()) return;
  const auto want = [this](AttributeType type, std::string_view name) {
    if (Has(type)) return;
    const auto number = static_cast<uint8_t>(type);
    Add({UpdateVerdict::kTreatAsWithdraw, UpdateSubcode::kMissingWellKnown,
         std::string(name) + ": missing"},
        {&number, 1});
  };
  want(AttributeType::kOrigin, "ORIGIN");
  want(AttributeType::kAsPath, "AS_PATH");
  if (plain_) want(AttributeType::kNextHop, "NEXT_HOP");
}

void UpdateReader::Add(AttributeFault fault, Bytes attribute) {
  if (fault.verdict <= update_.verdict) return;
  update_.verdict = fault.verdict;
  update_.fault = std::move(fault.text);
  as_reset_ = Fault(fault.subcode, attribute);
}

}  // namespace

Result<ReceivedUpdate> ParseUpdate(absl::Span<const uint8_t> body,
                                   const ParseContext& context) {
  return UpdateReader(context).Read(body);
}

}  // namespace lb::bgp::wire
