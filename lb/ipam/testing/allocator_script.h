// AllocatorScript: pools and steps of a test, written as lines of text.
//
// A pool is "name range[,range] [option]...", with the options manual, avoid,
// priority=N, ns=a|b, nslabel=k:v, label=k:v, nosuch=k (label DoesNotExist),
// exclude=RANGE|RANGE, reserve=NAME@ADDRESS|..., cooldown=SECONDS, lru. A step
// is a verb and words:
//   assign SERVICE [option]...
//   explain SERVICE [option]...     why assign would give what it gives
//   events SERVICE [option]...      "[reason] message; ..." of that
//   hold SERVICE ADDRESS[,ADDRESS] [option]...
//   check SERVICE [option]...
//   release SERVICE
//   orphans SERVICE [option]...     "address reason; ..." or "none"
//   holders ADDRESS                 names, or "nobody"
//   usage POOL                      "used/total used/total": IPv4, IPv6; with
//                                   "used+taken/total" if a host has some
//   taken [ADDRESS@NODE,...]        these are the nodes' own
//   advance SECONDS                 since 1970
// with the options prefer, require, v4, v6, "v4,v6", "v6,v4" (families),
// ip=A[,A], pool=P, reservation=N, key=K, backend=B, tcp=N, udp=N, label=k:v,
// nslabel=k:v.
#ifndef LB_IPAM_TESTING_ALLOCATOR_SCRIPT_H_
#define LB_IPAM_TESTING_ALLOCATOR_SCRIPT_H_

#include <string>
#include <vector>

#include "lb/ipam/allocator.h"
#include "lb/ipam/pool.h"
#include "lb/ipam/service_request.h"
#include "lb/net/ip_address.h"

namespace lb::ipam {

Pool ReadPool(const std::string& line);
std::vector<Pool> ReadPools(const std::vector<std::string>& lines);

// "x/web prefer ip=10.0.0.1": a service's name and options.
ServiceRequest ReadRequest(const std::string& line);

// Performs a step. Gives what is said above, "pool:address pool:address"
// (assign), "ok", "held nothing" (release), or an error as CODE: message.
std::string Perform(const std::string& step, Allocator& allocator);

}  // namespace lb::ipam

#endif  // LB_IPAM_TESTING_ALLOCATOR_SCRIPT_H_
