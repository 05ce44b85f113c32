// ServiceCatalog: the services and pools that a run's manifests ask for.
//
// Services are numbered from 0 and named "default/s0", "default/s1", ...; every
// third is IPv6, every fifth has both families, and every seventh may share an
// address with the next one. The first pool has room for all.
#ifndef LB_TESTS_SIM_CHAOS_SERVICE_CATALOG_H_
#define LB_TESTS_SIM_CHAOS_SERVICE_CATALOG_H_

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace lb::chaos {

class ServiceCatalog {
 public:
  // With services 0 to `services` - 1 and one pool.
  explicit ServiceCatalog(int services);

  // One more, with a number that none has had.
  void AddService() { numbers_.insert(next_number_++); }
  void Remove(int number) { numbers_.erase(number); }
  void Restore(int number) { numbers_.insert(number); }
  void AddPool() { ++pools_; }

  // How many services there are.
  size_t size() const { return numbers_.size(); }
  // How many there have been, including those that are gone.
  size_t ever() const { return static_cast<size_t>(next_number_); }
  bool Contains(std::string_view service) const;
  // The pools and services.
  std::string Manifests() const;

  // True if the two services may have an address together.
  static bool MayShareAddress(std::string_view a, std::string_view b);

 private:
  const int first_services_;
  std::set<int> numbers_;
  int next_number_;
  int pools_ = 1;
};

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_SERVICE_CATALOG_H_
