// TwoAllocators: a test with the replicated allocators of n1 and n2.
//
// Each is on a simulated host of its own; a pool of three addresses; what one
// tells, Tell() gives to the other.
#ifndef LB_IPAM_TESTING_TWO_ALLOCATORS_H_
#define LB_IPAM_TESTING_TWO_ALLOCATORS_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/io/sim/sim_world.h"
#include "lb/io/state_ports.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {

class TwoAllocators : public testing::Test {
 protected:
  static constexpr size_t kMessageMax = 1200;

  void SetUp() override {
    for (const char* node : {"n1", "n2"}) {
      io::SimHost* host = world_.AddHost(
          node, node == std::string("n1") ? "10.1.0.1/24" : "10.1.0.2/24");
      hosts_[node] = host;
      allocators_[node] = std::make_unique<ReplicatedAllocator>(
          node, io::StatePorts::From(host->environment()),
          [this] { ++changes_; });
      allocators_[node]->Restore();
    }
  }

  static ReplicatedAllocator::Wanted Want(
      const std::vector<std::string>& services) {
    ReplicatedAllocator::Wanted wanted;
    wanted.pools.push_back(
        {.name = "p", .ranges = {*net::ParseIpRange("10.0.0.1-10.0.0.3")}});
    for (const std::string& service : services) {
      wanted.requests[service] = {.service = service,
                                  .service_namespace = "default"};
    }
    return wanted;
  }
  void WantOnAll(const std::vector<std::string>& services) {
    for (auto& [node, allocator] : allocators_)
      allocator->SetWanted(Want(services));
  }
  void SetAuthor(const std::optional<std::string>& author) {
    for (auto& [node, allocator] : allocators_) allocator->SetAuthor(author);
  }
  void RunFor(absl::Duration time) { world_.loop().RunFor(time); }
  void Tell(const std::string& from, const std::string& to) {
    for (const std::string& message :
         allocators_[from]->TakeMessages(kMessageMax)) {
      EXPECT_THAT(allocators_[to]->Merge(message), IsOk());
    }
    RunFor(absl::Milliseconds(10));
  }
  // "10.0.0.1", or why there is none.
  std::string Shown(const std::string& node, const std::string& service) {
    const ReplicatedAllocator::Entry& entry =
        allocators_[node]->entries().at(service);
    return entry.assignment.addresses.empty()
               ? entry.reason
               : entry.assignment.addresses[0].address.ToString();
  }

  io::SimWorld world_{/*seed=*/1};
  std::map<std::string, io::SimHost*> hosts_;
  std::map<std::string, std::unique_ptr<ReplicatedAllocator>> allocators_;
  int changes_ = 0;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_TESTING_TWO_ALLOCATORS_H_
