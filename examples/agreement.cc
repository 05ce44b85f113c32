// agreement FOLDER: two nodes agree on addresses without a central store.
//
// Both run in this process and keep their ledgers in FOLDER-a and FOLDER-b.
// Real nodes send each other the messages, by lb/gossip or another transport.
//
//   bazel run //examples:agreement -- /tmp/agreement
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lb/base/event_log.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/file_state_store.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/ipam/replicated_allocator.h"
#include "lb/net/ip_range.h"

namespace {

using lb::ipam::ReplicatedAllocator;

constexpr char kService[] = "demo/web";

std::string AddressOf(const ReplicatedAllocator& node) {
  const auto entry = node.entries().find(kService);
  if (entry == node.entries().end()) return "";
  return entry->second.assignment.addresses.empty()
             ? ""
             : entry->second.assignment.ToString();
}

absl::Status Run(const std::string& folder) {
  lb::io::PosixLoop loop;
  lb::EventLog log(100);
  LB_ASSIGN_OR_RETURN(auto disk_a,
                      lb::io::FileStateStore::Create(&loop, folder + "-a"));
  LB_ASSIGN_OR_RETURN(auto disk_b,
                      lb::io::FileStateStore::Create(&loop, folder + "-b"));
  ReplicatedAllocator a(
      "node-a", {.loop = &loop, .state = disk_a.get(), .log = &log}, [] {});
  ReplicatedAllocator b(
      "node-b", {.loop = &loop, .state = disk_b.get(), .log = &log}, [] {});

  ReplicatedAllocator::Wanted wanted;
  LB_ASSIGN_OR_RETURN(const auto range, lb::net::ParseIpRange("192.0.2.0/24"));
  wanted.pools = {{.name = "first-pool", .ranges = {range}}};
  wanted.requests[kService] = {.service = kService,
                               .service_namespace = "demo"};
  for (ReplicatedAllocator* node : {&a, &b}) {
    node->Restore();
    node->SetWanted(wanted);
    node->SetAuthor("node-a");  // One node proposes; both know which.
  }
  const auto both_show = [&] {
    for (const std::string& message : a.TakeMessages(/*bytes_max=*/1200)) {
      b.Merge(message).IgnoreError();
    }
    return !AddressOf(a).empty() && AddressOf(a) == AddressOf(b);
  };
  if (!loop.RunUntil(both_show, absl::Seconds(5))) {
    return absl::DeadlineExceededError("the nodes do not agree");
  }
  std::printf("node-a: %s\nnode-b: %s\n", AddressOf(a).c_str(),
              AddressOf(b).c_str());
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status =
      argc == 2 ? Run(argv[1])
                : absl::InvalidArgumentError("usage: agreement FOLDER");
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
