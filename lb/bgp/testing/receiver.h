// Receiver: a strict peer that keeps what UPDATE messages told it.
//
// It shares no code with lb/bgp/wire, so that a fault of the encoder is not
// undone by the same fault in a parser. Anything that RFC 4271, 4760, 4724 or
// 7313 forbids, and each byte that could be written in two ways but is not in
// the way this project writes it, is an error.
#ifndef LB_BGP_TESTING_RECEIVER_H_
#define LB_BGP_TESTING_RECEIVER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/bgp/asn.h"
#include "lb/bgp/path_attributes.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {

class Receiver {
 public:
  struct Terms {
    Asn speaker_as;
    bool internal = false;
    bool four_octet_as = true;
  };

  struct Held {
    PathAttributes attributes;  // as they were on the wire
    std::vector<uint8_t> next_hop;

    friend auto operator<=>(const Held&, const Held&) = default;
  };
  using Table = std::map<net::IpPrefix, Held>;

  explicit Receiver(const Terms& terms) : terms_(terms) {}

  // Applies whole messages, of types UPDATE and ROUTE-REFRESH. Returns the
  // first error in words; "" if there is none.
  std::string Receive(absl::Span<const uint8_t> messages);

  const Table& table() const { return table_; }
  size_t messages() const { return messages_; }
  // Prefixes, each as often as it was said.
  size_t announced() const { return announced_; }
  size_t withdrawn() const { return withdrawn_; }
  // How often the end of a table, and of a refresh, was said for a family.
  size_t ends_of_rib(net::IpFamily family) const;
  size_t refreshes(net::IpFamily family) const;

  // What `attributes` look like at the peer: an external one sees no local
  // preference, an internal one no prepends.
  static PathAttributes AsTold(const Terms& terms, PathAttributes attributes);

 private:
  struct Bytes;
  struct Parsed;
  struct FamilyState {
    size_t ends_of_rib = 0;
    size_t refreshes = 0;
    bool refreshing = false;
    std::set<net::IpPrefix> stale;
  };

  std::string ReceiveOne(absl::Span<const uint8_t> message);
  std::string ReceiveRefresh(absl::Span<const uint8_t> body);
  std::string ReceiveUpdate(absl::Span<const uint8_t> body);
  std::string ReadAttributes(Bytes in, Parsed& parsed) const;
  std::string ReadAttribute(uint8_t type, Bytes value, Parsed& parsed) const;
  std::string ReadCommunities(uint8_t type, Bytes value, Parsed& parsed) const;
  std::string ReadPath(Bytes value, size_t as_size, Parsed& parsed) const;
  std::string CheckAttributes(const Parsed& parsed) const;
  std::string Apply(const Parsed& parsed);
  std::string EndOfRib(net::IpFamily family);

  const Terms terms_;
  Table table_;
  size_t messages_ = 0;
  size_t announced_ = 0;
  size_t withdrawn_ = 0;
  FamilyState families_[2];
};

}  // namespace lb::bgp

#endif  // LB_BGP_TESTING_RECEIVER_H_
