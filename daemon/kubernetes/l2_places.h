// L2Places: which nodes announce each service on layer 2, and what a change of
// that means for this node.
//
// A node takes a service over if it begins to announce it and some node
// announced it earlier, as far as this process saw: a service that no node has
// announced yet is new. Pure state; one thread.
//
//   L2Places places("n2");
//   places.Set("default/web", {{"n1"}, {}});
//   places.Set("default/web", {{"n2"}, {}}).takes_over   // true, from n1
#ifndef LB_DAEMON_KUBERNETES_L2_PLACES_H_
#define LB_DAEMON_KUBERNETES_L2_PLACES_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lb {

class L2Places {
 public:
  struct Place {
    std::vector<std::string> nodes;       // Empty: none announces it.
    std::vector<std::string> interfaces;  // This node's; empty: all.

    friend bool operator==(const Place&, const Place&) = default;
  };
  struct Effect {
    bool is_news = false;  // The place is another than before.
    bool takes_over = false;
    // The nodes that it takes the service over from.
    std::vector<std::string> from;
  };

  explicit L2Places(std::string node) : node_(std::move(node)) {}

  Effect Set(const std::string& service, Place place);
  // There is no such service any more.
  void Erase(const std::string& service) { services_.erase(service); }

  // Nullptr: this node does not announce the service.
  const Place* FindHere(std::string_view service) const;
  bool IsAnnouncedBy(std::string_view service, std::string_view node) const;
  std::vector<std::string> Services() const;

 private:
  struct Service {
    Place place;
    std::vector<std::string> last;  // The last nodes that announced it.
  };

  const std::string node_;
  std::map<std::string, Service, std::less<>> services_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_L2_PLACES_H_
