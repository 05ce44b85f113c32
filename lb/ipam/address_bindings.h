// AddressBindings: which service holds which address, and its sharing terms.
//
// Bookkeeping only: selection.h decides before whether a service may hold an
// address. O(log n) in services and addresses. Dense, for millions of
// services: numbers instead of pointers, pool names and sharing terms kept once
// (README.md has the figures). Not copyable: it points into itself.
#ifndef LB_IPAM_ADDRESS_BINDINGS_H_
#define LB_IPAM_ADDRESS_BINDINGS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/interned.h"
#include "lb/ipam/sharing.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

class AddressBindings {
 public:
  AddressBindings() = default;
  AddressBindings(AddressBindings&&) = default;
  AddressBindings& operator=(AddressBindings&&) = default;

  size_t size() const { return by_name_.size(); }  // Number of services.

  // Nullopt: the service holds nothing.
  std::optional<Assignment> Find(std::string_view service) const;
  // True if the service holds just these addresses, on these terms.
  bool Is(std::string_view service, const Assignment& assignment,
          const SharingTerms& terms) const;
  // All services, by name.
  void ForEach(
      absl::FunctionRef<void(std::string_view, const Assignment&)> visit) const;

  // By name.
  std::vector<std::string> HoldersOf(const net::IpAddress& address) const;
  bool IsHeld(const net::IpAddress& address) const {
    return FirstHolder(address) != kNone;
  }

  // Why `service` may not hold the address on `terms` beside its other holders:
  // "10.0.0.1 is held by default/web: not shared". Nullopt: it may.
  std::optional<std::string> WhyTaken(const net::IpAddress& address,
                                      std::string_view service,
                                      const SharingTerms& terms) const;

  // The key and backend that all holders of the address agree on, and all their
  // ports. Nullopt: no service holds it, or it is not shared.
  std::optional<SharingTerms> TermsAt(const net::IpAddress& address) const;

  // REQUIRES: the service holds nothing; at most one address of each family.
  void Add(std::string_view service, const Assignment& assignment,
           const SharingTerms& terms);
  // REQUIRES: the service holds something. Returns it.
  Assignment Remove(std::string_view service);

  // Notes that an address which the service holds lies in `pool` now.
  void SetPool(std::string_view service, const net::IpAddress& address,
               const std::string& pool);

 private:
  using Id = uint32_t;  // Identifies an entry.
  static constexpr Id kNone = ~Id{0};

  // One address of a service. `next`: another holder of it.
  struct Place {
    bool is_held = false;
    Interned<std::string>::Id pool = 0;
    Id next = kNone;
  };
  // A text of half the size of a std::string.
  class Name {
   public:
    Name() = default;
    explicit Name(std::string_view text);
    std::string_view view() const { return {bytes_.get(), size_}; }

   private:
    std::unique_ptr<char[]> bytes_;
    uint32_t size_ = 0;
  };
  struct Entry {
    Name name;
    uint64_t ipv6_high = 0;  // Not absl::uint128, which would align to 16.
    uint64_t ipv6_low = 0;
    uint32_t ipv4 = 0;
    Interned<SharingTerms>::Id terms = 0;
    Place places[2];  // By IndexOf(family).
  };

  using Entries = std::deque<Entry>;
  // Compares entries by name.
  struct ByName {
    using is_transparent = void;
    std::string_view NameOf(Id id) const { return (*entries)[id].name.view(); }
    static std::string_view NameOf(std::string_view name) { return name; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return NameOf(a) < NameOf(b);
    }

    const Entries* entries;
  };

  static net::IpAddress AddressIn(const Entry& entry, size_t index);
  Assignment AssignmentOf(const Entry& entry) const;
  Id FirstHolder(const net::IpAddress& address) const;
  void SetFirstHolder(const net::IpAddress& address, Id id);
  // Nullptr: the service holds nothing.
  const Entry* FindEntry(std::string_view service) const;
  void Link(const net::IpAddress& address, Id id);
  void Unlink(const net::IpAddress& address, Id id);

  std::unique_ptr<Entries> entries_ = std::make_unique<Entries>();
  std::vector<Id> unused_;
  absl::btree_set<Id, ByName> by_name_{ByName{entries_.get()}};
  // The holder that came last; the others follow by Place::next.
  absl::btree_map<uint32_t, Id> ipv4_;
  absl::btree_map<absl::uint128, Id> ipv6_;
  Interned<std::string> pools_;
  Interned<SharingTerms> terms_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_ADDRESS_BINDINGS_H_
