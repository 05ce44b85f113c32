#include "daemon/kubernetes/l2_places.h"

#include <algorithm>

namespace lb {
namespace {

bool Contains(const std::vector<std::string>& nodes, std::string_view node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

L2Places::Effect L2Places::Set(const std::string& service, Place place) {
  Service& known = services_[service];
  Effect effect;
  effect.is_news = place != known.place;
  if (!effect.is_news) return effect;
  effect.takes_over = Contains(place.nodes, node_) &&
                      !Contains(known.place.nodes, node_) &&
                      !known.last.empty();
  if (effect.takes_over) {
    for (const std::string& node : known.last) {
      if (!Contains(place.nodes, node)) effect.from.push_back(node);
    }
  }
  if (!place.nodes.empty()) known.last = place.nodes;
  known.place = std::move(place);
  return effect;
}

const L2Places::Place* L2Places::FindHere(std::string_view service) const {
  const auto known = services_.find(service);
  if (known == services_.end()) return nullptr;
  const Place& place = known->second.place;
  return Contains(place.nodes, node_) ? &place : nullptr;
}

bool L2Places::IsAnnouncedBy(std::string_view service,
                             std::string_view node) const {
  const auto known = services_.find(service);
  return known != services_.end() && Contains(known->second.place.nodes, node);
}

std::vector<std::string> L2Places::Services() const {
  std::vector<std::string> services;
  for (const auto& [service, known] : services_) services.push_back(service);
  return services;
}

}  // namespace lb
