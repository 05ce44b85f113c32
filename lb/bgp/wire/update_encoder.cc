#include "lb/bgp/wire/update_encoder.h"

#include <bit>
#include <utility>

#include "lb/base/check.h"
#include "lb/bgp/wire/attribute_type.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/byte_writer.h"

namespace lb::bgp::wire {
namespace {

using net::ByteWriter;
using net::IpFamily;
using net::IpPrefix;

constexpr uint8_t kOriginIgp = 0;
constexpr uint16_t kLinkBandwidthType = 0x4004;
constexpr size_t kShortLengthMax = 255;
// Both lengths of an UPDATE that is otherwise empty.
constexpr size_t kLengthFields = 4;
// Flags, type and a length of 16 bits.
constexpr size_t kAttributeHeaderMax = 4;

void WriteAttribute(uint8_t flags, AttributeType type,
                    absl::Span<const uint8_t> value, ByteWriter& out) {
  const bool is_long = value.size() > kShortLengthMax;
  out.Uint8(is_long ? flags | kExtendedLengthFlag : flags);
  out.Uint8(static_cast<uint8_t>(type));
  if (is_long) {
    out.Uint16(static_cast<uint16_t>(value.size()));
  } else {
    out.Uint8(static_cast<uint8_t>(value.size()));
  }
  out.Bytes(value);
}

void WriteNumber(uint8_t flags, AttributeType type, uint32_t number,
                 ByteWriter& out) {
  ByteWriter value;
  value.Uint32(number);
  WriteAttribute(flags, type, value.bytes(), out);
}

enum class AsWidth { kTwoOctets, kFourOctets };

// One segment: this AS, once and as often as it is prepended.
std::vector<uint8_t> Path(const Asn& own, int prepends, AsWidth width) {
  ByteWriter value;
  value.Uint8(kAsSequence);
  value.Uint8(static_cast<uint8_t>(1 + prepends));
  for (int i = 0; i < 1 + prepends; ++i) {
    if (width == AsWidth::kFourOctets) {
      value.Uint32(own.number);
    } else {
      const Asn& told = own.fits_two_octets() ? own : kAsTrans;
      value.Uint16(static_cast<uint16_t>(told.number));
    }
  }
  return std::move(value).Finish();
}

void WriteAsPath(const UpdateContext& context, int prepends, ByteWriter& out) {
  std::vector<uint8_t> value;  // RFC 4271, section 5.1.2: empty for iBGP
  if (!context.internal) {
    value = Path(
        context.own_as, prepends,
        context.four_octet_as ? AsWidth::kFourOctets : AsWidth::kTwoOctets);
  }
  WriteAttribute(kWellKnown, AttributeType::kAsPath, value, out);
}

// RFC 6793, section 4.2.2: what the two octets of AS_PATH could not say.
void WriteAs4Path(const UpdateContext& context, int prepends, ByteWriter& out) {
  if (context.internal || context.four_octet_as) return;
  if (context.own_as.fits_two_octets()) return;
  WriteAttribute(kOptionalTransitive, AttributeType::kAs4Path,
                 Path(context.own_as, prepends, AsWidth::kFourOctets), out);
}

void WriteCommunities(const std::vector<Community>& communities,
                      ByteWriter& out) {
  if (communities.empty()) return;
  ByteWriter value;
  for (const Community& community : communities) {
    value.Uint32(community.number);
  }
  WriteAttribute(kOptionalTransitive, AttributeType::kCommunities,
                 value.bytes(), out);
}

void WriteLinkBandwidth(const std::optional<LinkBandwidth>& bandwidth,
                        ByteWriter& out) {
  if (!bandwidth) return;
  const Asn& told =
      bandwidth->asn.fits_two_octets() ? bandwidth->asn : kAsTrans;
  ByteWriter value;
  value.Uint16(kLinkBandwidthType);
  value.Uint16(static_cast<uint16_t>(told.number));
  value.Uint32(
      std::bit_cast<uint32_t>(static_cast<float>(bandwidth->bytes_per_second)));
  WriteAttribute(kOptionalTransitive, AttributeType::kExtendedCommunities,
                 value.bytes(), out);
}

void WriteLargeCommunities(const std::vector<LargeCommunity>& communities,
                           ByteWriter& out) {
  if (communities.empty()) return;
  ByteWriter value;
  for (const LargeCommunity& community : communities) {
    value.Uint32(community.administrator);
    value.Uint32(community.first);
    value.Uint32(community.second);
  }
  WriteAttribute(kOptionalTransitive, AttributeType::kLargeCommunities,
                 value.bytes(), out);
}

// All attributes in the order of their types, but MP_REACH_NLRI. `next_hop` is
// null if that one carries it.
std::vector<uint8_t> EncodeAttributes(const UpdateContext& context,
                                      const PathAttributes& attributes,
                                      const net::IpAddress* next_hop) {
  LB_CHECK(Validate(attributes).ok());  // So there is room for prefixes.
  ByteWriter out;
  WriteAttribute(kWellKnown, AttributeType::kOrigin, {kOriginIgp}, out);
  WriteAsPath(context, attributes.prepends, out);
  if (next_hop != nullptr) {
    WriteAttribute(kWellKnown, AttributeType::kNextHop, next_hop->ToBytes(),
                   out);
  }
  if (attributes.med) {
    WriteNumber(kOptionalNonTransitive, AttributeType::kMed, *attributes.med,
                out);
  }
  if (context.internal) {
    WriteNumber(kWellKnown, AttributeType::kLocalPref,
                attributes.local_preference.value_or(
                    PathAttributes::kLocalPreferenceDefault),
                out);
  }
  WriteCommunities(attributes.communities, out);
  WriteLinkBandwidth(attributes.link_bandwidth, out);
  WriteAs4Path(context, attributes.prepends, out);
  WriteLargeCommunities(attributes.large_communities, out);
  return std::move(out).Finish();
}

// Moves prefixes from the front of `prefixes` to what it returns, as long as
// they fit `room`.
std::vector<uint8_t> TakePrefixes(size_t room,
                                  absl::Span<const IpPrefix>& prefixes) {
  const IpFamily family = prefixes.front().address.family();
  ByteWriter out;
  while (!prefixes.empty()) {
    const IpPrefix& prefix = prefixes.front();
    LB_CHECK(prefix.address.family() == family);
    const size_t size = static_cast<size_t>(prefix.length + 7) / 8;
    if (out.size() + 1 + size > room) break;
    out.Uint8(static_cast<uint8_t>(prefix.length));
    const std::vector<uint8_t> bytes = prefix.Range().first.ToBytes();
    out.Bytes(absl::MakeConstSpan(bytes).first(size));
    prefixes.remove_prefix(1);
  }
  LB_CHECK(out.size() > 0);
  return std::move(out).Finish();
}

void WriteFamily(IpFamily family, ByteWriter& out) {
  const AddressFamily unicast = UnicastOf(family);
  out.Uint16(unicast.afi);
  out.Uint8(unicast.safi);
}

// A whole UPDATE of its three parts.
std::vector<uint8_t> EncodeUpdate(absl::Span<const uint8_t> withdrawn,
                                  absl::Span<const uint8_t> attributes,
                                  absl::Span<const uint8_t> announced) {
  ByteWriter out;
  out.Uint16(static_cast<uint16_t>(withdrawn.size()));
  out.Bytes(withdrawn);
  out.Uint16(static_cast<uint16_t>(attributes.size()));
  out.Bytes(attributes);
  out.Bytes(announced);
  return EncodeMessage(MessageType::kUpdate, out.bytes());
}

constexpr size_t kRoom = kMessageSizeMax - kHeaderSize - kLengthFields;

std::vector<uint8_t> EncodeMpReach(const UpdateContext& context,
                                   const PathAttributes& attributes,
                                   absl::Span<const IpPrefix>& prefixes) {
  const IpFamily family = prefixes.front().address.family();
  const NextHop& next_hop = *context.next_hops.of(family);
  LB_CHECK(next_hop.address.is_ipv6());
  ByteWriter hop;
  hop.Bytes(next_hop.address.ToBytes());
  if (next_hop.link_local) {
    LB_CHECK(next_hop.link_local->is_ipv6());
    hop.Bytes(next_hop.link_local->ToBytes());
  }
  ByteWriter value;
  WriteFamily(family, value);
  value.Uint8(static_cast<uint8_t>(hop.size()));
  value.Bytes(hop.bytes());
  value.Uint8(0);  // reserved
  const auto others = EncodeAttributes(context, attributes, nullptr);
  value.Bytes(TakePrefixes(
      kRoom - others.size() - value.size() - kAttributeHeaderMax, prefixes));
  ByteWriter out;
  // RFC 7606, section 5.1: first, so that its prefixes are found whatever
  // follows.
  WriteAttribute(kOptionalNonTransitive, AttributeType::kMpReach, value.bytes(),
                 out);
  out.Bytes(others);
  return EncodeUpdate({}, out.bytes(), {});
}

}  // namespace

std::vector<uint8_t> EncodeAnnouncement(const UpdateContext& context,
                                        const PathAttributes& attributes,
                                        absl::Span<const IpPrefix>& prefixes) {
  LB_CHECK(!prefixes.empty());
  const auto& next_hop =
      context.next_hops.of(prefixes.front().address.family());
  LB_CHECK(next_hop.has_value());
  if (next_hop->address.is_ipv6()) {
    return EncodeMpReach(context, attributes, prefixes);
  }
  LB_CHECK(prefixes.front().address.is_ipv4());
  const auto told = EncodeAttributes(context, attributes, &next_hop->address);
  return EncodeUpdate({}, told, TakePrefixes(kRoom - told.size(), prefixes));
}

std::vector<uint8_t> EncodeWithdrawal(absl::Span<const IpPrefix>& prefixes) {
  LB_CHECK(!prefixes.empty());
  const IpFamily family = prefixes.front().address.family();
  if (family == IpFamily::kIpv4) {
    return EncodeUpdate(TakePrefixes(kRoom, prefixes), {}, {});
  }
  ByteWriter value;
  WriteFamily(family, value);
  value.Bytes(
      TakePrefixes(kRoom - value.size() - kAttributeHeaderMax, prefixes));
  ByteWriter out;
  WriteAttribute(kOptionalNonTransitive, AttributeType::kMpUnreach,
                 value.bytes(), out);
  return EncodeUpdate({}, out.bytes(), {});
}

std::vector<uint8_t> EncodeEndOfRib(IpFamily family) {
  if (family == IpFamily::kIpv4) return EncodeUpdate({}, {}, {});
  ByteWriter value;
  WriteFamily(family, value);
  ByteWriter out;
  WriteAttribute(kOptionalNonTransitive, AttributeType::kMpUnreach,
                 value.bytes(), out);
  return EncodeUpdate({}, out.bytes(), {});
}

}  // namespace lb::bgp::wire
