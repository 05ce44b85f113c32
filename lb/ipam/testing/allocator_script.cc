#include "lb/ipam/testing/allocator_script.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/numeric/int128.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/label_selector.h"
#include "lb/ipam/assignment.h"
#include "lb/ipam/decision.h"
#include "lb/ipam/taken_addresses.h"
#include "lb/net/ip_range.h"

namespace lb::ipam {
namespace {

using net::IpFamily;

std::vector<std::string> Split(const std::string& text, char by) {
  return absl::StrSplit(text, by, absl::SkipEmpty());
}

int Number(std::string_view text) {
  int number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "key:value"
Labels ReadLabel(const std::string& text) {
  const size_t colon = text.find(':');
  return {{text.substr(0, colon), text.substr(colon + 1)}};
}

// The options that MetalLB's pools have not.
bool ReadOwnOption(const std::string& option, const std::string& value,
                   Pool& pool) {
  if (option == "exclude") {
    for (const std::string& range : Split(value, '|')) {
      pool.excluded.push_back(*net::ParseIpRange(range));
    }
  } else if (option == "reserve") {
    for (const std::string& word : Split(value, '|')) {
      const size_t at = word.find('@');
      pool.reservations.push_back(
          {word.substr(0, at), *net::ParseIpAddress(word.substr(at + 1))});
    }
  } else if (option == "cooldown") {
    pool.cool_down = absl::Seconds(Number(value));
  } else {
    return false;
  }
  return true;
}

}  // namespace

Pool ReadPool(const std::string& line) {
  const std::vector<std::string> words = Split(line, ' ');
  Pool pool = {.name = words.at(0)};
  for (const std::string& range : Split(words.at(1), ',')) {
    pool.ranges.push_back(*net::ParseIpRange(range));
  }
  for (size_t i = 2; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    const std::string option = words[i].substr(0, equals);
    if (option == "manual") {
      pool.auto_assign = false;
      continue;
    }
    if (option == "avoid") {
      pool.avoid_buggy_ips = true;
      continue;
    }
    if (option == "lru") {
      pool.order = AddressOrder::kLeastRecentlyUsed;
      continue;
    }
    const std::string value = words[i].substr(equals + 1);
    if (ReadOwnOption(option, value, pool)) continue;
    if (!pool.service_allocation) pool.service_allocation.emplace();
    ServiceAllocation& to = *pool.service_allocation;
    if (option == "priority") to.priority = Number(value);
    if (option == "ns") to.namespaces = Split(value, '|');
    if (option == "nslabel") {
      to.namespace_selectors.push_back({.match_labels = ReadLabel(value)});
    }
    if (option == "nosuch") {
      to.service_selectors.push_back(
          {.match_expressions = {
               {value, LabelRequirement::Operator::kDoesNotExist, {}}}});
    }
    if (option == "label") {
      to.service_selectors.push_back({.match_labels = ReadLabel(value)});
    }
  }
  return pool;
}

namespace {

std::vector<net::IpAddress> ReadAddresses(const std::string& text) {
  std::vector<net::IpAddress> addresses;
  for (const std::string& word : Split(text, ',')) {
    addresses.push_back(*net::ParseIpAddress(word));
  }
  return addresses;
}

void ReadOption(const std::string& word, ServiceRequest& request) {
  const size_t equals = word.find('=');
  const std::string option = word.substr(0, equals);
  const std::string value =
      equals == std::string::npos ? "" : word.substr(equals + 1);
  const auto port = [&] { return static_cast<uint16_t>(Number(value)); };
  if (option == "prefer") {
    request.family_policy = FamilyPolicy::kPreferDualStack;
  } else if (option == "require") {
    request.family_policy = FamilyPolicy::kRequireDualStack;
  } else if (option == "v4") {
    request.families = {IpFamily::kIpv4};
  } else if (option == "v6") {
    request.families = {IpFamily::kIpv6};
  } else if (option == "v4,v6") {
    request.families = {IpFamily::kIpv4, IpFamily::kIpv6};
  } else if (option == "v6,v4") {
    request.families = {IpFamily::kIpv6, IpFamily::kIpv4};
  } else if (option == "ip") {
    request.requested_addresses = ReadAddresses(value);
  } else if (option == "pool") {
    request.requested_pool = value;
  } else if (option == "reservation") {
    request.reservation = value;
  } else if (option == "key") {
    request.sharing_key = value;
  } else if (option == "backend") {
    request.backend_key = value;
  } else if (option == "tcp") {
    request.ports.push_back({Protocol::kTcp, port()});
  } else if (option == "udp") {
    request.ports.push_back({Protocol::kUdp, port()});
  } else if (option == "label") {
    request.labels.merge(ReadLabel(value));
  } else if (option == "nslabel") {
    request.namespace_labels.merge(ReadLabel(value));
  } else {
    ADD_FAILURE() << "unknown option " << word;
  }
}

// "10.0.0.1 (pool a), ..." as "a:10.0.0.1 ...".
std::string Short(const Assignment& assignment) {
  std::string text;
  for (const AssignedAddress& a : assignment.addresses) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", a.pool,
                        a.address.ToString());
  }
  return text;
}

std::string ListOrphans(const std::vector<Orphan>& orphans) {
  if (orphans.empty()) return "none";
  return absl::StrJoin(orphans, "; ", [](std::string* out, const Orphan& o) {
    const std::string_view why(o.reason.message().data(),
                               o.reason.message().size());
    *out += fmt::format("{} {}", o.held.address.ToString(),
                        why.substr(why.find(": ") + 2));
  });
}

std::string ListEvents(const std::vector<ServiceEvent>& events) {
  if (events.empty()) return "none";
  return absl::StrJoin(events, "; ", [](std::string* out, const auto& event) {
    *out += fmt::format("[{}] {}", ToString(event.reason), event.message);
  });
}

std::string DescribeUsage(const absl::StatusOr<PoolUsage>& usage) {
  if (!usage.ok()) return usage.status().ToString();
  const auto low = [](absl::uint128 n) { return absl::Uint128Low64(n); };
  const auto use = [&](absl::uint128 used, absl::uint128 taken) {
    return taken == 0 ? fmt::format("{}", low(used))
                      : fmt::format("{}+{}", low(used), low(taken));
  };
  return fmt::format("{}/{} {}/{}", use(usage->used_ipv4, usage->taken_ipv4),
                     low(usage->total_ipv4),
                     use(usage->used_ipv6, usage->taken_ipv6),
                     low(usage->total_ipv6));
}

// "10.0.0.1@n1,..."
TakenAddresses ReadTaken(const std::string& text) {
  TakenAddresses taken;
  for (const std::string& word : Split(text, ',')) {
    const size_t at = word.find('@');
    taken[*net::ParseIpAddress(word.substr(0, at))] =
        word.substr(at + 1) + "'s own";
  }
  return taken;
}

std::string Outcome(const absl::Status& status) {
  return status.ok() ? "ok" : status.ToString();
}

std::string PerformForService(const std::string& verb,
                              const ServiceRequest& request,
                              Allocator& allocator) {
  if (verb == "check") return Outcome(allocator.Check(request));
  if (verb == "explain") return allocator.Decide(request).explanation;
  if (verb == "events") return ListEvents(allocator.Decide(request).events);
  if (verb == "orphans") return ListOrphans(allocator.OrphansOf(request));
  if (verb == "release") {
    return allocator.Release(request.service) ? "ok" : "held nothing";
  }
  EXPECT_EQ(verb, "assign");
  const auto assignment = allocator.Assign(request);
  return assignment.ok() ? Short(*assignment) : Outcome(assignment.status());
}

}  // namespace

std::vector<Pool> ReadPools(const std::vector<std::string>& lines) {
  std::vector<Pool> pools;
  for (const std::string& line : lines) pools.push_back(ReadPool(line));
  return pools;
}

ServiceRequest ReadRequest(const std::string& line) {
  const std::vector<std::string> words = Split(line, ' ');
  ServiceRequest request = {.service = words.at(0)};
  request.service_namespace = Split(request.service, '/').at(0);
  for (size_t i = 1; i < words.size(); ++i) ReadOption(words[i], request);
  return request;
}

std::string Perform(const std::string& step, Allocator& allocator) {
  const size_t space = step.find(' ');
  const std::string verb = step.substr(0, space);
  const std::string rest = step.substr(space + 1);
  if (verb == "hold") {
    std::vector<std::string> words = Split(rest, ' ');
    const std::vector<net::IpAddress> addresses = ReadAddresses(words.at(1));
    words.erase(words.begin() + 1);
    return Outcome(
        allocator.Hold(ReadRequest(absl::StrJoin(words, " ")), addresses));
  }
  if (verb == "usage") return DescribeUsage(allocator.Usage(rest));
  if (verb == "taken") {
    allocator.SetTaken(space == std::string::npos ? TakenAddresses()
                                                  : ReadTaken(rest));
    return "ok";
  }
  if (verb == "advance") {
    allocator.AdvanceTo(absl::FromUnixSeconds(Number(rest)));
    return "ok";
  }
  if (verb == "holders") {
    const auto names = allocator.HoldersOf(ReadAddresses(rest).at(0));
    return names.empty() ? "nobody" : absl::StrJoin(names, " ");
  }
  return PerformForService(verb, ReadRequest(rest), allocator);
}

}  // namespace lb::ipam
