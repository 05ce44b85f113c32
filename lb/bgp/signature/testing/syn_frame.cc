#include "lb/bgp/signature/testing/syn_frame.h"

#include <algorithm>
#include <utility>

#include "lb/bgp/signature/tcp_segment.h"
#include "lb/net/byte_writer.h"
#include "lb/net/ethernet.h"

namespace lb::bgp {
namespace {

constexpr size_t kSignatureOffset = 24;  // Behind two NOPs, kind and length.

std::vector<uint8_t> MakeSegment(const SynFrame& syn) {
  const bool is_signed = !syn.key.empty();
  net::ByteWriter out;
  out.Uint16(syn.from.port);
  out.Uint16(syn.to.port);
  out.Uint32(1);  // Sequence number.
  out.Uint32(0);
  out.Uint8(is_signed ? 10 << 4 : 5 << 4);
  out.Uint8(0x02);  // SYN
  out.Uint16(64240);
  out.Uint32(0);  // Checksum and urgent pointer.
  if (is_signed) {
    for (const uint8_t byte : {1, 1, 19, 18}) out.Uint8(byte);
    out.Zeros(kTcpSignatureSize);
  }
  std::vector<uint8_t> bytes = std::move(out).Finish();
  if (is_signed) {
    const TcpSignature signature = SignatureOf(
        {.source = syn.from, .destination = syn.to, .bytes = bytes}, syn.key);
    std::copy(signature.begin(), signature.end(),
              bytes.begin() + kSignatureOffset);
  }
  return bytes;
}

}  // namespace

std::vector<uint8_t> MakeSynFrame(const SynFrame& syn) {
  const std::vector<uint8_t> segment = MakeSegment(syn);
  const bool is_ipv4 = syn.from.address.is_ipv4();
  net::ByteWriter out;
  if (is_ipv4) {
    out.Uint16(0x4500);
    out.Uint16(static_cast<uint16_t>(20 + segment.size()));
    out.Uint32(0);       // Identification and fragment.
    out.Uint16(0xff06);  // Time to live, TCP.
    out.Uint16(0);       // Checksum.
  } else {
    out.Uint32(0x60000000);
    out.Uint16(static_cast<uint16_t>(segment.size()));
    out.Uint16(0x06ff);
  }
  out.Bytes(syn.from.address.ToBytes());
  out.Bytes(syn.to.address.ToBytes());
  out.Bytes(segment);
  return net::SerializeEthernet(
      {.destination = syn.to_mac,
       .source = syn.from_mac,
       .ether_type = is_ipv4 ? kEtherTypeIpv4 : net::kEtherTypeIpv6},
      std::move(out).Finish());
}

}  // namespace lb::bgp
