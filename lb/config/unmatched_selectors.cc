#include "lb/config/unmatched_selectors.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "fmt/format.h"
#include "lb/base/label_selector.h"
#include "lb/base/nearest.h"

namespace lb::config {
namespace {

// The objects of one kind that selectors choose from.
struct Choice {
  std::string_view kind;
  std::vector<const Labels*> objects;
  std::set<std::string_view> keys;  // All that occur.

  void Add(const Labels& labels) {
    objects.push_back(&labels);
    for (const auto& [key, value] : labels) keys.insert(key);
  }
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
  const std::vector<std::string_view> known(choice.keys.begin(),
                                            choice.keys.end());
  for (const std::string_view key : KeysOf(selector)) {
    if (choice.keys.contains(key)) continue;
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
    const auto line = object.field_lines.find(place);
    notices->push_back(
        {object.file,
         line == object.field_lines.end() ? object.line : line->second,
         object.name, place,
         fmt::format("matches none of the {} {} objects{}",
                     choice.objects.size(), choice.kind,
                     Meant(selectors[i], choice))});
  }
}

}  // namespace

std::vector<Problem> UnmatchedSelectors(const Desired& desired) {
  Choice nodes = {.kind = "Node"}, pools = {.kind = "IPAddressPool"};
  for (const auto& [name, node] : desired.nodes) nodes.Add(node.labels);
  for (const auto& [name, labels] : desired.pool_labels) pools.Add(labels);
  std::vector<Problem> notices;
  for (const auto& [name, object] : desired.objects) {
    const auto* const advertisement =
        std::get_if<election::L2Advertisement>(&object.value);
    if (advertisement == nullptr) continue;
    Judge(object, "spec.ipAddressPoolSelectors", pools,
          advertisement->pool_selectors, &notices);
    Judge(object, "spec.nodeSelectors", nodes, advertisement->node_selectors,
          &notices);
  }
  return notices;
}

}  // namespace lb::config
