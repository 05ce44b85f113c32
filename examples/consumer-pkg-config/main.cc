// A program outside the tree: gives the next address of a range to a service.
//
//   make PREFIX=/usr/local && ./assign 192.0.2.10-192.0.2.20 demo/web
#include <cstdio>

#include "lb/ipam/allocator.h"
#include "lb/net/ip_range.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: assign FIRST-LAST SERVICE\n");
    return 2;
  }
  const auto range = lb::net::ParseIpRange(argv[1]);
  if (!range.ok()) {
    std::fprintf(stderr, "%s\n", range.status().ToString().c_str());
    return 2;
  }
  lb::ipam::Allocator allocator;
  const absl::Status status =
      allocator.SetPools({{.name = "pool", .ranges = {*range}}});
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  const auto assignment = allocator.Assign({.service = argv[2],
                                            .service_namespace = "demo",
                                            .families = {range->family()}});
  std::printf("%s %s\n", argv[2],
              assignment.ok() ? assignment->ToString().c_str()
                              : assignment.status().ToString().c_str());
  return assignment.ok() ? 0 : 1;
}
