#include "lb/config/advertisement_notices.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "lb/base/label_selector.h"
#include "lb/base/nearest.h"

namespace lb::config {
namespace {

constexpr std::array<std::string_view, 3> kKinds = {
    "L2Advertisement", "BGPAdvertisement", "BGPPeer"};

// Calls `read` with each object of the kind, without a look at other objects.
template <typename T, typename Read>
void ForEach(const Desired& desired, std::string_view kind, const Read& read) {
  const std::string prefix = fmt::format("{}/", kind);
  for (auto object = desired.objects.lower_bound(prefix);
       object != desired.objects.end() && object->first.starts_with(prefix);
       ++object) {
    read(object->second, std::get<T>(object->second.value));
  }
}

// The same for the advertisements of both protocols.
template <typename Read>
void ForEachAdvertisement(const Desired& desired, const Read& read) {
  ForEach<election::L2Advertisement>(desired, "L2Advertisement", read);
  ForEach<BgpAdvertisement>(desired, "BGPAdvertisement", read);
}

// The objects of one kind that selectors choose from.
struct Choice {
  std::string_view kind;
  std::vector<const Labels*> objects;
};

std::set<std::string_view> KeysOf(const LabelSelector& selector) {
  std::set<std::string_view> keys;
  for (const auto& [key, value] : selector.match_labels) keys.insert(key);
  for (const LabelRequirement& wanted : selector.match_expressions) {
    keys.insert(wanted.key);
  }
  return keys;
}

// ", did you mean K?" for a key that no object has.
std::string Meant(const LabelSelector& selector, const Choice& choice) {
  std::set<std::string_view> keys;  // All that occur.
  for (const Labels* const labels : choice.objects) {
    for (const auto& [key, value] : *labels) keys.insert(key);
  }
  const std::vector<std::string_view> known(keys.begin(), keys.end());
  for (const std::string_view key : KeysOf(selector)) {
    if (keys.contains(key)) continue;
    std::string meant = DidYouMean(key, known);
    if (!meant.empty()) return fmt::format(": \"{}\"{}", key, meant);
  }
  return "";
}

void Judge(const Object& object, std::string_view field, const Choice& choice,
           const std::vector<LabelSelector>& selectors,
           std::vector<Problem>* notices) {
  if (choice.objects.empty()) return;
  for (size_t i = 0; i < selectors.size(); ++i) {
    const bool matches = std::any_of(
        choice.objects.begin(), choice.objects.end(),
        [&](const Labels* labels) { return selectors[i].Matches(*labels); });
    if (matches) continue;
    const std::string place = fmt::format("{}[{}]", field, i);
    notices->push_back({object.OriginOf(place), object.name, place,
                        fmt::format("matches none of the {} {} objects{}",
                                    choice.objects.size(), choice.kind,
                                    Meant(selectors[i], choice))});
  }
}

// A list of names, and the names that there are.
struct NameList {
  std::string_view field;
  std::string_view what;
  std::vector<std::string_view> known = {};
};

// A notice for each of `names` that is not known.
void JudgeNames(const Object& object, const NameList& list,
                const std::vector<std::string>& names,
                std::vector<Problem>* notices) {
  const auto& known = list.known;
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(known.begin(), known.end(), names[i]) != known.end()) {
      continue;
    }
    const std::string field = fmt::format("{}[{}]", list.field, i);
    notices->push_back({object.OriginOf(field), object.name, field,
                        fmt::format("\"{}\": no such {}{}", names[i], list.what,
                                    DidYouMean(names[i], known))});
  }
}

}  // namespace

absl::Span<const std::string_view> KindsWithNotices() { return kKinds; }

std::vector<Problem> UnknownPools(const Desired& desired) {
  NameList pools = {.field = "spec.ipAddressPools", .what = "pool"};
  for (const auto& [name, labels] : desired.pool_labels) {
    pools.known.push_back(name);
  }
  std::vector<Problem> notices;
  ForEachAdvertisement(
      desired, [&](const Object& object, const auto& advertisement) {
        JudgeNames(object, pools, advertisement.pools, &notices);
      });
  return notices;
}

std::vector<Problem> UnknownPeers(const Desired& desired) {
  NameList peers = {.field = "spec.peers", .what = "BGPPeer in force"};
  for (const BgpPeer& peer : desired.bgp.peers) {
    peers.known.push_back(peer.name);
  }
  std::vector<Problem> notices;
  ForEach<BgpAdvertisement>(
      desired, "BGPAdvertisement",
      [&](const Object& object, const BgpAdvertisement& advertisement) {
        JudgeNames(object, peers, advertisement.peers, &notices);
      });
  return notices;
}

std::vector<Problem> UnmatchedSelectors(const Desired& desired) {
  Choice nodes = {.kind = "Node"}, pools = {.kind = "IPAddressPool"};
  for (const auto& [name, node] : desired.nodes) {
    nodes.objects.push_back(&node.labels);
  }
  for (const auto& [name, labels] : desired.pool_labels) {
    pools.objects.push_back(&labels);
  }
  std::vector<Problem> notices;
  ForEachAdvertisement(desired,
                       [&](const Object& object, const auto& advertisement) {
                         Judge(object, "spec.ipAddressPoolSelectors", pools,
                               advertisement.pool_selectors, &notices);
                         Judge(object, "spec.nodeSelectors", nodes,
                               advertisement.node_selectors, &notices);
                       });
  ForEach<BgpPeer>(desired, "BGPPeer",
                   [&](const Object& object, const BgpPeer& peer) {
                     Judge(object, "spec.nodeSelectors", nodes,
                           peer.node_selectors, &notices);
                   });
  return notices;
}

}  // namespace lb::config
