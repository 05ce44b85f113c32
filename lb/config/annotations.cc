#include "lb/config/annotations.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "lb/base/nearest.h"

namespace lb::config {
namespace {

constexpr std::string_view kOwnPrefix = "lb.io/";

struct Annotation {
  std::string_view kind;
  std::string_view name;
};

constexpr std::array<Annotation, 11> kKnown = {{
    {"Service", "metallb.io/loadBalancerIPs"},
    {"Service", "metallb.io/address-pool"},
    {"Service", "metallb.io/allow-shared-ip"},
    {"Service", "lb.io/reservation"},
    {"IPAddressPool", "lb.io/exclude"},
    {"IPAddressPool", "lb.io/reserve"},
    {"IPAddressPool", "lb.io/cool-down"},
    {"IPAddressPool", "lb.io/order"},
    {"IPAddressPool", "lb.io/announce-despite-proxy-arp"},
    {"L2Advertisement", "lb.io/election-policy"},
    {"L2Advertisement", "lb.io/refresh-interval"},
}};

// MetalLB writes it for people; nothing reads it.
constexpr std::string_view kWrittenByMetallb =
    "metallb.io/ip-allocated-from-pool";

// Two names that begin alike are near even if their ends differ by much.
constexpr size_t kBeginningMin = 5;

// The key with MetalLB's newer prefix; empty if the prefix is none of ours.
std::string NewName(std::string_view key) {
  for (const std::string_view prefix :
       {kMetallbPrefix, kOldMetallbPrefix, kOwnPrefix}) {
    const std::string begin =
        absl::AsciiStrToLower(std::string(key.substr(0, prefix.size())));
    if (begin != prefix) continue;
    return fmt::format("{}{}",
                       prefix == kOldMetallbPrefix ? kMetallbPrefix : prefix,
                       key.substr(prefix.size()));
  }
  return "";
}

std::string_view WithoutPrefix(std::string_view name) {
  return name.substr(name.find('/') + 1);
}

size_t CommonBeginning(std::string_view a, std::string_view b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
         a.begin();
}

// The known name that was probably meant, whatever its prefix; or empty.
std::string_view NearestName(std::string_view name,
                             const std::vector<std::string_view>& known) {
  const std::string_view given = WithoutPrefix(name);
  std::vector<std::string_view> ends;
  for (const std::string_view each : known) {
    ends.push_back(WithoutPrefix(each));
  }
  const std::string_view nearest = Nearest(given, ends);
  for (const std::string_view each : known) {
    const std::string_view end = WithoutPrefix(each);
    if (nearest.empty() ? CommonBeginning(given, end) >= kBeginningMin
                        : end == nearest) {
      return each;
    }
  }
  return "";
}

// Why the annotation has no effect; empty if it has one.
std::string Judge(const std::string& key, std::string_view kind) {
  const std::string name = NewName(key);
  if (name.empty() || name == kWrittenByMetallb) return "";
  std::vector<std::string_view> known;
  for (const Annotation& annotation : kKnown) {
    if (annotation.kind == kind) known.push_back(annotation.name);
  }
  const bool exact = key.ends_with(name) || key.starts_with(kOldMetallbPrefix);
  if (exact && std::find(known.begin(), known.end(), name) != known.end()) {
    return "";
  }
  for (const Annotation& annotation : kKnown) {
    if (annotation.name != name || annotation.kind == kind) continue;
    return fmt::format("has no effect on {} objects, only on {}", kind,
                       annotation.kind);
  }
  const std::string_view nearest = NearestName(name, known);
  if (!nearest.empty()) {
    return fmt::format("unknown annotation, did you mean {}?", nearest);
  }
  if (known.empty()) return "unknown annotation, want none of this prefix";
  return fmt::format("unknown annotation, want {}{}",
                     known.size() > 1 ? "one of " : "", fmt::join(known, ", "));
}

}  // namespace

void NoticeUnknownAnnotations(const Fields& annotations,
                              std::string_view kind) {
  annotations.ForEachKey([&](const std::string& key) {
    std::string why = Judge(key, kind);
    if (why.empty()) return;
    annotations.report()->Notice(annotations.LineOf(key),
                                 annotations.PathOf(key), std::move(why));
  });
}

}  // namespace lb::config
