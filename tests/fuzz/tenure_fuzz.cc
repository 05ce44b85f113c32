// Any bytes as a message of tenures.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/sha256.h"
#include "lb/election/tenure.h"
#include "lb/election/tenure_codec.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb::election {
namespace {

// A node's name takes 3 bytes at least, a tenure 10; vectors of them double.
constexpr int64_t kAllocatedPerByte = 64;
constexpr int64_t kAllocatedMore = 256 << 10;
constexpr size_t kTenuresOfFullTable = 3;

void Check(std::string_view bytes) {
  TenureTable tenures("node-a");
  {
    const fuzz::AllocationBound bound(kAllocatedMore +
                                      kAllocatedPerByte *
                                          static_cast<int64_t>(bytes.size()));
    if (!tenures.Merge(bytes).ok()) return;
  }
  for (const Tenure& tenure : tenures.AllTenures()) {
    LB_CHECK(Validate(tenure).ok());
  }
  // An accepted message can be sent on, and means the same to another node.
  TenureTable other("node-b");
  LB_CHECK(other.Merge(tenures.FullMessage()).ok());
  LB_CHECK(other.AllTenures() == tenures.AllTenures());
  LB_CHECK(other.FullMessage() == tenures.FullMessage());
  TenureTable third("node-c");
  for (const std::string& message :
       SplitTenures(tenures.AllTenures(), 1400).messages) {
    LB_CHECK(message.size() <= 1400 && third.Merge(message).ok());
  }
  LB_CHECK(third.AllTenures() == tenures.AllTenures());

  TenureTable full("node-d", kTenuresOfFullTable);
  LB_CHECK(full.Merge(bytes).ok());
  LB_CHECK(full.size() <= kTenuresOfFullTable);
  for (const std::string& news : full.TakeNews(1400)) {
    LB_CHECK(ParseTenures(news).ok());
  }
}

}  // namespace
}  // namespace lb::election

// OpenSSL sets itself up at the first digest; no input is to blame for that.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  (void)lb::Sha256::Of("");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lb::election::Check(lb::AsText({data, size}));
  return 0;
}
