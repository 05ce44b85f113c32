#include "lb/kubernetes/reflector_options.h"

#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::kubernetes {
namespace {

using testing::HasSubstr;

TEST(ReflectorOptionsTest, NamesTheFirstOptionThatIsOutOfRange) {
  const ReflectorOptions good = {.resource = {"", "v1", "services"},
                                 .selector = {"spec.type", "LoadBalancer"}};
  EXPECT_TRUE(Validate(good).ok());
  const auto message = [](const ReflectorOptions& options) {
    return std::string(Validate(options).message());
  };
  ReflectorOptions bad = good;
  bad.resource.plural = "";
  EXPECT_THAT(message(bad), HasSubstr("resource: want"));
  bad = good;
  bad.metadata_only = true;
  EXPECT_THAT(message(bad), HasSubstr("selector: want a field of metadata"));
  bad = good;
  bad.page_limit = 0;
  EXPECT_THAT(message(bad), HasSubstr("page_limit"));
  bad = good;
  bad.watch_timeout_max = absl::Minutes(1);
  EXPECT_THAT(message(bad), HasSubstr("watch_timeout_min"));
  bad = good;
  bad.silence_max = absl::ZeroDuration();
  EXPECT_THAT(message(bad), HasSubstr("silence_max"));
  bad = good;
  bad.relist_interval = absl::ZeroDuration();
  EXPECT_THAT(message(bad), HasSubstr("relist_interval"));
  bad = good;
  bad.back_off.min = absl::Seconds(60);
  EXPECT_THAT(message(bad), HasSubstr("back_off.min"));
}

}  // namespace
}  // namespace lb::kubernetes
