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

constexpr std::array<Annotation, 18> kKnown = {{
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
    {"BGPPeer", "lb.io/my-asn-from"},
    {"BGPPeer", "lb.io/peer-asn-from"},
    {"BGPPeer", "lb.io/peer-address-from"},
    {"BGPAdvertisement", "lb.io/as-path-prepend"},
    {"BGPAdvertisement", "lb.io/med"},
    {"BGPAdvertisement", "lb.io/link-bandwidth"},
    {"BGPAdvertisement", "lb.io/withdraw-hold"},
}};

// MetalLB writes it for people; nothing reads it.
constexpr std::string_view kWrittenByMetallb =
    "metallb.io/ip-allocated-from-pool";

// Two names that begin alike are near even if their ends differ by much.
constexpr size_t kBeginningMin = 5;

std::string_view WithoutPrefix(std::string_view name) {
  return name.substr(name.find('/') + 1);
}

constexpr std::string_view WithoutSlash(std::string_view prefix) {
  return prefix.substr(0, prefix.size() - 1);
}

std::string LowerCase(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

// The key under the prefix that `prefix` was probably meant to be: MetalLB's,
// if the name behind it is one of MetalLB's, or it has MetalLB's name in it.
std::string MeantName(std::string_view prefix, std::string_view name) {
  const bool has_metallb = LowerCase(prefix).find("metallb") != prefix.npos;
  if (has_metallb) return fmt::format("{}{}", kMetallbPrefix, name);
  const bool is_near =
      prefix.empty() || !Nearest(prefix, {WithoutSlash(kMetallbPrefix),
                                          WithoutSlash(kOldMetallbPrefix)})
                             .empty();
  const std::string lower = LowerCase(name);
  for (const Annotation& known : kKnown) {
    const bool is_metallbs = known.name.starts_with(kMetallbPrefix);
    const std::string end = LowerCase(WithoutPrefix(known.name));
    if (is_near && is_metallbs && lower.ends_with(end)) {
      return fmt::format("{}{}", kMetallbPrefix, name);
    }
  }
  return "";
}

// The key with MetalLB's newer prefix; empty if the prefix is none of ours, and
// was not meant to be one.
std::string NewName(std::string_view key) {
  for (const std::string_view prefix :
       {kMetallbPrefix, kOldMetallbPrefix, kOwnPrefix}) {
    if (LowerCase(key.substr(0, prefix.size())) != prefix) continue;
    return fmt::format("{}{}",
                       prefix == kOldMetallbPrefix ? kMetallbPrefix : prefix,
                       key.substr(prefix.size()));
  }
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return MeantName("", key);
  return MeantName(key.substr(0, slash), key.substr(slash + 1));
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
    const bool is_like = CommonBeginning(given, end) >= kBeginningMin ||
                         LowerCase(given).ends_with(LowerCase(end));
    if (nearest.empty() ? is_like : end == nearest) {
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
  const bool exact = key == name || key.starts_with(kOldMetallbPrefix);
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

bool IsServiceAnnotation(std::string_view key) {
  const std::string name = NewName(key);
  return Judge(std::string(key), "Service").empty() &&
         std::any_of(kKnown.begin(), kKnown.end(),
                     [&](const Annotation& each) { return each.name == name; });
}

void NoticeAnnotationsAmongLabels(const Fields& labels) {
  labels.ForEachKey([&](const std::string& key) {
    const std::string name = NewName(key);
    const bool is_known =
        std::any_of(kKnown.begin(), kKnown.end(),
                    [&](const Annotation& each) { return each.name == name; });
    if (!is_known || key.find('/') == std::string::npos) return;
    labels.report()->Notice(
        labels.LineOf(key), labels.PathOf(key),
        "has no effect as a label, want it in metadata.annotations");
  });
}

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
