#include "lb/config/bgp_admission.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/numeric/int128.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/label_selector.h"
#include "lb/base/nearest.h"
#include "lb/election/cluster.h"
#include "lb/net/ip_range.h"

namespace lb::config {
namespace {

struct Refusal {
  std::string field;
  std::string message;
};
using Verdict = std::optional<Refusal>;

// All objects of one kind, by name.
template <typename T>
struct Read {
  const Object* object = nullptr;
  const T* value = nullptr;
};

template <typename T>
std::vector<Read<T>> AllOf(const Objects& objects, std::string_view kind) {
  std::vector<Read<T>> all;
  const std::string prefix = fmt::format("{}/", kind);
  for (auto it = objects.lower_bound(prefix);
       it != objects.end() && it->first.starts_with(prefix); ++it) {
    all.push_back({&it->second, &std::get<T>(it->second.value)});
  }
  return all;
}

template <typename T>
const T* FindByName(const std::vector<T>& values, const std::string& name) {
  const auto found = std::lower_bound(
      values.begin(), values.end(), name,
      [](const T& value, const std::string& key) { return value.name < key; });
  return found != values.end() && found->name == name ? &*found : nullptr;
}

// The value as its object has it, without what was joined.
BgpPeer AsRead(BgpPeer peer) {
  peer.bfd.reset();
  if (peer.password_secret) peer.password.clear();
  return peer;
}

BgpAdvertisement AsRead(BgpAdvertisement advertisement) {
  advertisement.standard_communities.clear();
  advertisement.large_communities.clear();
  return advertisement;
}

CommunityAliases AsRead(CommunityAliases aliases) { return aliases; }

template <typename T>
bool IsAmong(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Empty lists mean all.
template <typename T>
bool MayShare(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.empty() || b.empty()) return true;
  return std::any_of(a.begin(), a.end(),
                     [&](const T& one) { return IsAmong(b, one); });
}

// The shortest prefix among those that make up the range.
int ShortestPrefixIn(const net::IpRange& range) {
  const int bits = net::BitCount(range.family());
  const absl::uint128 first = range.first.number();
  const absl::uint128 last = range.last.number();
  for (int length = 1; length < bits; ++length) {
    const absl::uint128 host_bits = (absl::uint128(1) << (bits - length)) - 1;
    absl::uint128 start = first & ~host_bits;
    if (start < first) start += host_bits + 1;
    if (start < first) continue;  // Beyond the last address there is.
    if (start <= last && last - start >= host_bits) return length;
  }
  return bits;
}

int LengthOf(const BgpAdvertisement& advertisement, net::IpFamily family) {
  return family == net::IpFamily::kIpv4 ? advertisement.aggregation_length
                                        : advertisement.aggregation_length_v6;
}

class Admission {
 public:
  Admission(const Objects& objects, const BgpObjects& previous)
      : objects_(objects),
        previous_(previous),
        pools_(AllOf<PoolObject>(objects, "IPAddressPool")),
        nodes_(AllOf<election::NodeAttributes>(objects, "Node")) {}

  BgpAdmission Run() {
    Admit<CommunityAliases>("Community", previous_.communities,
                            &result_.admitted.communities);
    Admit<BgpPeer>("BGPPeer", previous_.peers, &result_.admitted.peers);
    Admit<BgpAdvertisement>("BGPAdvertisement", previous_.advertisements,
                            &result_.admitted.advertisements);
    std::stable_sort(
        result_.problems.begin(), result_.problems.end(),
        [](const Problem& a, const Problem& b) { return a.object < b.object; });
    return std::move(result_);
  }

 private:
  // Those that are as they were come first, then those that were there.
  template <typename T>
  void Admit(std::string_view kind, const std::vector<T>& previous,
             std::vector<T>* admitted) {
    std::vector<Read<T>> all = AllOf<T>(objects_, kind);
    const auto rank_of = [&](const Read<T>& read) {
      const T* const before = FindByName(previous, read.value->name);
      if (before == nullptr) return 2;
      return AsRead(*before) == *read.value ? 0 : 1;
    };
    std::stable_sort(all.begin(), all.end(),
                     [&](const Read<T>& a, const Read<T>& b) {
                       return rank_of(a) < rank_of(b);
                     });
    std::vector<std::pair<const Object*, T>> clashing;
    for (const Read<T>& read : all) {
      if (admitted->size() == kBgpObjectsMax) {
        Refuse(*read.object, {"", fmt::format("one too many, want at most {} "
                                              "{} objects",
                                              kBgpObjectsMax, kind)});
        continue;
      }
      T value = *read.value;
      if (const Verdict refusal = Join(&value)) {
        Refuse(*read.object, *refusal);
      } else if (FindClash(value, *admitted)) {
        clashing.emplace_back(read.object, std::move(value));
      } else {
        Take(std::move(value), admitted);
        continue;
      }
      const T* const before = FindByName(previous, read.value->name);
      if (before != nullptr && !FindClash(*before, *admitted)) {
        Take(*before, admitted);
      }
    }
    std::sort(admitted->begin(), admitted->end(),
              [](const T& a, const T& b) { return a.name < b.name; });
    // The first by name of all with which it clashes, whatever came first.
    for (const auto& [object, value] : clashing) {
      const Verdict refusal = FindClash(value, *admitted);
      LB_CHECK(refusal.has_value());
      Refuse(*object, *refusal);
    }
  }

  template <typename T>
  void Take(T value, std::vector<T>* admitted) {
    if constexpr (std::is_same_v<T, CommunityAliases>) {
      for (const CommunityAlias& alias : value.aliases) {
        aliases_[alias.name] = {.value = alias.value, .object = value.name};
      }
    }
    admitted->push_back(std::move(value));
  }

  void Refuse(const Object& object, const Refusal& refusal) {
    result_.problems.push_back({object.OriginOf(refusal.field), object.name,
                                refusal.field, refusal.message});
  }

  Verdict Join(CommunityAliases* object) const {
    if (aliases_.size() + object->aliases.size() <= kCommunityAliasesMax) {
      return std::nullopt;
    }
    return Refusal{"spec.communities",
                   fmt::format("{} besides {}, want at most {} aliases in all",
                               object->aliases.size(), aliases_.size(),
                               kCommunityAliasesMax)};
  }

  Verdict Join(BgpPeer* peer) const {
    if (!peer->bfd_profile.empty()) {
      const auto found = objects_.find("BFDProfile/" + peer->bfd_profile);
      if (found == objects_.end()) {
        return Refusal{
            "spec.bfdProfile",
            fmt::format("\"{}\": no such BFDProfile{}", peer->bfd_profile,
                        MeantProfile(peer->bfd_profile))};
      }
      peer->bfd = std::get<BfdProfile>(found->second.value);
    }
    if (!peer->password_secret) return std::nullopt;
    const SecretReference& wanted = *peer->password_secret;
    const auto found = objects_.find(
        fmt::format("Secret/{}/{}", wanted.object_namespace, wanted.name));
    if (found == objects_.end()) {
      return Refusal{"spec.passwordSecret",
                     fmt::format("{}/{}: no such Secret, want one of type "
                                 "kubernetes.io/basic-auth",
                                 wanted.object_namespace, wanted.name)};
    }
    peer->password = std::get<SecretObject>(found->second.value).password;
    return std::nullopt;
  }

  Verdict Join(BgpAdvertisement* advertisement) const {
    for (size_t i = 0; i < advertisement->communities.size(); ++i) {
      const std::string& text = advertisement->communities[i];
      const std::string* const value = ValueOf(text);
      if (value == nullptr) {
        return Refusal{fmt::format("spec.communities[{}]", i),
                       fmt::format("\"{}\": no Community object defines it, "
                                   "want number:number, "
                                   "large:number:number:number or an alias{}",
                                   text, MeantAlias(text))};
      }
      Add(*value, advertisement);
    }
    Sort(advertisement->standard_communities);
    Sort(advertisement->large_communities);
    return WhyBeyondPool(*advertisement);
  }

  // The readers have checked the texts.
  static void Add(const std::string& value, BgpAdvertisement* advertisement) {
    if (value.starts_with("large:")) {
      const auto community = bgp::ParseLargeCommunity(value);
      LB_CHECK(community.ok());
      advertisement->large_communities.push_back(*community);
      return;
    }
    const auto community = bgp::ParseCommunity(value);
    LB_CHECK(community.ok());
    advertisement->standard_communities.push_back(*community);
  }

  template <typename T>
  static void Sort(std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }

  // Nullptr: no such alias.
  const std::string* ValueOf(const std::string& text) const {
    if (text.find(':') != std::string::npos) return &text;
    const auto found = aliases_.find(text);
    return found == aliases_.end() ? nullptr : &found->second.value;
  }

  std::string MeantAlias(const std::string& text) const {
    std::vector<std::string_view> names;
    for (const auto& [name, alias] : aliases_) names.push_back(name);
    return DidYouMean(text, names);
  }

  std::string MeantProfile(const std::string& text) const {
    std::vector<std::string_view> names;
    for (const auto& read : AllOf<BfdProfile>(objects_, "BFDProfile")) {
      if (names.size() == kBgpObjectsMax) break;
      names.push_back(read.value->name);
    }
    return DidYouMean(text, names);
  }

  Verdict WhyBeyondPool(const BgpAdvertisement& advertisement) const {
    for (const auto& pool : pools_) {
      if (!IsOf(*pool.value, advertisement)) continue;
      for (const net::IpRange& range : pool.value->pool.ranges) {
        const int length = LengthOf(advertisement, range.family());
        const int shortest = ShortestPrefixIn(range);
        if (length >= shortest) continue;
        const bool is_ipv4 = range.family() == net::IpFamily::kIpv4;
        return Refusal{
            is_ipv4 ? "spec.aggregationLength" : "spec.aggregationLengthV6",
            fmt::format("{}: reaches beyond {} of {}, want {} to {}", length,
                        range.ToString(), pool.object->name, shortest,
                        net::BitCount(range.family()))};
      }
    }
    return std::nullopt;
  }

  static bool IsOf(const PoolObject& pool,
                   const BgpAdvertisement& advertisement) {
    return IsForPool(advertisement, pool.pool.name, pool.labels);
  }

  // Is there a node that both reach? While no node is known, both are taken to
  // reach one that either names all of.
  bool MayShareNode(const std::vector<LabelSelector>& a,
                    const std::vector<LabelSelector>& b) const {
    if (a == b) return true;
    if (nodes_.empty()) return a.empty() || b.empty();
    return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
      const Labels& labels = node.value->labels;
      return IsForNode(a, labels) && IsForNode(b, labels);
    });
  }

  // Against `aliases_`, which has those of all that were taken.
  Verdict FindClash(const CommunityAliases& object,
                    const std::vector<CommunityAliases>&) const {
    for (size_t i = 0; i < object.aliases.size(); ++i) {
      const auto found = aliases_.find(object.aliases[i].name);
      if (found == aliases_.end() || found->second.object == object.name) {
        continue;
      }
      return Refusal{fmt::format("spec.communities[{}]", i),
                     fmt::format("\"{}\" is defined by Community/{} already, "
                                 "want one definition",
                                 found->first, found->second.object)};
    }
    return std::nullopt;
  }

  Verdict FindClash(const BgpPeer& peer,
                    const std::vector<BgpPeer>& admitted) const {
    for (const BgpPeer& other : admitted) {
      const bool is_same_session =
          peer.address == other.address && peer.interface == other.interface &&
          peer.port == other.port &&
          peer.source_address == other.source_address &&
          peer.from_node == other.from_node;
      if (other.name == peer.name || !is_same_session ||
          !MayShareNode(peer.node_selectors, other.node_selectors)) {
        continue;
      }
      return Refusal{peer.address ? "spec.peerAddress" : "spec.interface",
                     fmt::format("the session of BGPPeer/{} already, want "
                                 "another address, port, sourceAddress or "
                                 "other nodes",
                                 other.name)};
    }
    return std::nullopt;
  }

  // The families of which both give the routes of one pool with one length.
  bool SharePrefixes(const BgpAdvertisement& a,
                     const BgpAdvertisement& b) const {
    return std::any_of(pools_.begin(), pools_.end(), [&](const auto& pool) {
      if (!IsOf(*pool.value, a) || !IsOf(*pool.value, b)) return false;
      const auto& ranges = pool.value->pool.ranges;
      return std::any_of(
          ranges.begin(), ranges.end(), [&](const net::IpRange& range) {
            return LengthOf(a, range.family()) == LengthOf(b, range.family());
          });
    });
  }

  Verdict FindClash(const BgpAdvertisement& advertisement,
                    const std::vector<BgpAdvertisement>& admitted) const {
    if (!advertisement.service_selectors.empty()) return std::nullopt;
    for (const BgpAdvertisement& other : admitted) {
      if (other.name == advertisement.name ||
          !other.service_selectors.empty() ||
          other.local_preference == advertisement.local_preference ||
          !MayShare(advertisement.peers, other.peers) ||
          !MayShareNode(advertisement.node_selectors, other.node_selectors) ||
          !SharePrefixes(advertisement, other)) {
        continue;
      }
      return Refusal{
          "spec.localPref",
          fmt::format("{} for routes to which BGPAdvertisement/{} gives {}, "
                      "want the same, or other pools, lengths, peers or nodes",
                      advertisement.local_preference.value_or(0), other.name,
                      other.local_preference.value_or(0))};
    }
    return std::nullopt;
  }

  const Objects& objects_;
  const BgpObjects& previous_;
  const std::vector<Read<PoolObject>> pools_;
  const std::vector<Read<election::NodeAttributes>> nodes_;
  struct DefinedAlias {
    std::string value;
    std::string object;
  };
  std::map<std::string, DefinedAlias, std::less<>> aliases_;  // In force.
  BgpAdmission result_;
};

}  // namespace

BgpAdmission AdmitBgp(const Objects& objects, const BgpObjects& previous) {
  return Admission(objects, previous).Run();
}

}  // namespace lb::config
