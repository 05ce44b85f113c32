#include "daemon/hosts/withheld_facts.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr uint8_t kIpv6 = 1;
constexpr uint8_t kByProxy = 2;
constexpr size_t kTextSizeMax = 255;

void Write(const WithheldFact& fact, net::ByteWriter* out) {
  LB_CHECK(!fact.interface.empty() && fact.interface.size() <= kTextSizeMax &&
           fact.member.size() <= kTextSizeMax);
  out->Uint8((fact.address.is_ipv6() ? kIpv6 : 0) |
             (fact.by_proxy ? kByProxy : 0));
  out->Bytes(fact.address.ToBytes());
  out->Uint8(static_cast<uint8_t>(fact.interface.size()));
  out->Bytes(AsBytes(fact.interface));
  out->Bytes(fact.mac.bytes);
  out->Uint8(static_cast<uint8_t>(fact.member.size()));
  out->Bytes(AsBytes(fact.member));
  out->Uint64(static_cast<uint64_t>(absl::ToUnixSeconds(fact.since)));
}

std::optional<WithheldFact> Read(net::ByteReader* in) {
  WithheldFact fact;
  const uint8_t flags = in->Uint8();
  const auto address =
      net::IpAddress::FromBytes(in->Take((flags & kIpv6) != 0 ? 16 : 4));
  fact.interface = AsText(in->Take(in->Uint8()));
  const auto mac = in->Take(fact.mac.bytes.size());
  fact.member = AsText(in->Take(in->Uint8()));
  const auto seconds = static_cast<int64_t>(in->Uint64());
  if (!in->ok() || !address.ok() || fact.interface.empty()) return std::nullopt;
  fact.address = *address;
  std::copy(mac.begin(), mac.end(), fact.mac.bytes.begin());
  fact.by_proxy = (flags & kByProxy) != 0;
  fact.since = absl::FromUnixSeconds(seconds);
  // What is beyond the years that absl::Time knows would not come back equal.
  if (absl::ToUnixSeconds(fact.since) != seconds) return std::nullopt;
  return fact;
}

}  // namespace

void BoundWithheldFacts(WithheldFacts* withheld) {
  net::ByteWriter out;
  out.Uint16(withheld->omitted);
  size_t kept = 0;
  for (; kept < withheld->facts.size(); ++kept) {
    Write(withheld->facts[kept], &out);
    if (out.size() > kWithheldFactsSizeMax) break;
  }
  const size_t omitted = withheld->omitted + withheld->facts.size() - kept;
  withheld->facts.resize(kept);
  withheld->omitted = static_cast<uint16_t>(
      std::min<size_t>(omitted, std::numeric_limits<uint16_t>::max()));
}

void KeepSince(const WithheldFacts& before, WithheldFacts* withheld) {
  for (WithheldFact& fact : withheld->facts) {
    const auto known = std::find_if(
        before.facts.begin(), before.facts.end(), [&](const auto& old) {
          return old.address == fact.address &&
                 old.interface == fact.interface && old.mac == fact.mac;
        });
    if (known != before.facts.end()) fact.since = known->since;
  }
}

std::string SerializeWithheld(const WithheldFacts& withheld) {
  net::ByteWriter out;
  out.Uint16(withheld.omitted);
  for (const WithheldFact& fact : withheld.facts) Write(fact, &out);
  LB_CHECK(out.size() <= kWithheldFactsSizeMax);
  return std::string(AsText(out.bytes()));
}

std::optional<WithheldFacts> ParseWithheld(std::string_view bytes) {
  if (bytes.size() > kWithheldFactsSizeMax) return std::nullopt;
  net::ByteReader in(AsBytes(bytes));
  WithheldFacts withheld;
  withheld.omitted = in.Uint16();
  while (in.ok() && !in.rest().empty()) {
    std::optional<WithheldFact> fact = Read(&in);
    if (!fact) return std::nullopt;
    withheld.facts.push_back(*std::move(fact));
  }
  if (!in.ok()) return std::nullopt;
  return withheld;
}

}  // namespace lb
