#include "lb/config/advertisement_notices.h"

#include <algorithm>
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

constexpr std::string_view kAdvertisement = "L2Advertisement/";

// Calls `read` with each advertisement, without a look at other objects.
template <typename Read>
void ForEachAdvertisement(const Desired& desired, const Read& read) {
  for (auto object = desired.objects.lower_bound(kAdvertisement);
       object != desired.objects.end() &&
       object->first.starts_with(kAdvertisement);
       ++object) {
    read(object->second,
         std::get<election::L2Advertisement>(object->second.value));
  }
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

std::vector<std::string_view> PoolNames(const Desired& desired) {
  std::vector<std::string_view> names;
  for (const auto& [name, labels] : desired.pool_labels) names.push_back(name);
  return names;
}

}  // namespace

std::vector<Problem> UnknownPools(const Desired& desired) {
  std::vector<Problem> notices;
  ForEachAdvertisement(
      desired, [&](const Object& object,
                   const election::L2Advertisement& advertisement) {
        for (size_t i = 0; i < advertisement.pools.size(); ++i) {
          const std::string& pool = advertisement.pools[i];
          if (desired.pool_labels.contains(pool)) continue;
          const std::string field = fmt::format("spec.ipAddressPools[{}]", i);
          notices.push_back(
              {object.OriginOf(field), object.name, field,
               fmt::format("\"{}\": no such pool{}", pool,
                           DidYouMean(pool, PoolNames(desired)))});
        }
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
                       [&](const Object& object,
                           const election::L2Advertisement& advertisement) {
                         Judge(object, "spec.ipAddressPoolSelectors", pools,
                               advertisement.pool_selectors, &notices);
                         Judge(object, "spec.nodeSelectors", nodes,
                               advertisement.node_selectors, &notices);
                       });
  return notices;
}

}  // namespace lb::config
