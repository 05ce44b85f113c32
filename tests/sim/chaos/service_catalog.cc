#include "tests/sim/chaos/service_catalog.h"

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "lb/base/check.h"
#include "tests/sim/manifests.h"

namespace lb::chaos {
namespace {

constexpr std::string_view kNamePrefix = "default/s";
// Addresses of each family in the first pool beyond one per service.
constexpr int kSpare = 40;
constexpr int kLaterPoolSize = 8;
// In each seven services, two may share an address with each other.
constexpr int kSharingPeriod = 7;

int NumberOf(std::string_view service) {
  int number = 0;
  LB_CHECK(service.starts_with(kNamePrefix) &&
           absl::SimpleAtoi(std::string(service.substr(kNamePrefix.size())),
                            &number));
  return number;
}

bool MayShare(int number) {
  return number % kSharingPeriod >= kSharingPeriod - 2;
}

std::string PoolText(int number, int size) {
  const int first = number == 0 ? 0 : 3000 + kLaterPoolSize * number;
  const int last = first + size - 1;
  return PoolManifest(
      fmt::format("pool{}", number),
      std::vector{fmt::format("172.20.{}.{}-172.20.{}.{}", 64 + first / 256,
                              first % 256, 64 + last / 256, last % 256),
                  fmt::format("fd00:20::2:{:x}-fd00:20::2:{:x}", first, last)});
}

std::string ServiceText(int number) {
  const std::string families = number % 5 == 4
                                   ? "ipFamilyPolicy: RequireDualStack, "
                                     "ipFamilies: [IPv4, IPv6], "
                               : number % 3 == 2 ? "ipFamilies: [IPv6], "
                                                 : "ipFamilies: [IPv4], ";
  const std::string sharing =
      MayShare(number)
          ? fmt::format(", annotations: {{metallb.io/allow-shared-ip: k{}}}",
                        number / kSharingPeriod)
          : "";
  return fmt::format(
      "---\n"
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata: {{name: s{}, namespace: default{}}}\n"
      "spec: {{type: LoadBalancer, {}ports: [{{port: {}}}]}}\n",
      number, sharing, families, 1000 + number);
}

}  // namespace

ServiceCatalog::ServiceCatalog(int services)
    : first_services_(services), next_number_(services) {
  for (int i = 0; i < services; ++i) numbers_.insert(i);
}

bool ServiceCatalog::Contains(std::string_view service) const {
  return numbers_.contains(NumberOf(service));
}

std::string ServiceCatalog::Manifests() const {
  std::string text = PoolText(0, first_services_ + kSpare);
  for (int i = 1; i < pools_; ++i) text += PoolText(i, kLaterPoolSize);
  for (const int number : numbers_) text += ServiceText(number);
  return text;
}

bool ServiceCatalog::MayShareAddress(std::string_view a, std::string_view b) {
  const int one = NumberOf(a);
  const int other = NumberOf(b);
  return MayShare(one) && MayShare(other) &&
         one / kSharingPeriod == other / kSharingPeriod;
}

}  // namespace lb::chaos
