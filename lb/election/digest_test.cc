#include "lb/election/digest.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/net/ip_address.h"

namespace lb::election {
namespace {

struct VectorNode {
  std::string node;
  std::string digest;  // Hexadecimal.
  int64_t score = 0;
};

struct Vector {
  std::string address;             // As written; hashed in canonical form.
  std::vector<VectorNode> ranked;  // Winner first.
};

// MetalLB's expectations for its sortL2Candidates.
const Vector kVectors[] = {
    {"192.168.1.240",
     {{"node-a",
       "0905ce28e61d7edba0d1a1e81637d349ef0299ecc2fb9fc9c8347049ba3a9c82"},
      {"node-c",
       "a6530f9db1eb6e43a6ee4c1e37064e767a245ba829d2651c16d53e8ccba47e74"},
      {"node-b",
       "c5db69956edf2871b03fcd4fea381f3374cd4082ef0a18aac7f889b3f88265d6"}}},
    {"192.168.1.241",
     {{"node-c",
       "792a46a57ec63bb63253ad4dfa7f5cdc828a9fdde28ba603fec4a5fd059dac28"},
      {"node-a",
       "ab24a5f9134003b0c1b0fd063eee0e75fed4bc3ef798c31d254b32ab2a51357c"},
      {"node-b",
       "fbd0fccea9ae7fd3801d1ead43d9aad921f736e41d2737ffc466960ad56d5ec2"}}},
    {"10.0.0.10",
     {{"worker-4",
       "60d35b90f11852397cae765149986eb331924b526a7bead14c8eaf5043c4dac5"},
      {"worker-3",
       "73ed181f8120b43b4048ea9b279e70993b5aeba14ae937620174a6720f49d2e7"},
      {"worker-2",
       "83c2bc70d27fd37e1a042633fe5ab628023c03bd003b28e7b7081f0ca9e0976c"},
      {"worker-1",
       "d04bd8461ddcb82d14fa85302ca8b2981592f7454b18f68edb4f7c53b6cfa549"},
      {"worker-5",
       "fa21445ae517795b924369387f6b8c5770adde7e83e71814cb95f69bb150ee23"}}},
    {"2001:db8::10",
     {{"ip-10-0-0-3.ec2.internal",
       "293cd5b378e8b2d66bd3977ae06cffe97c988a6d4a16c5a745ec6f79101a642e"},
      {"ip-10-0-0-2.ec2.internal",
       "61fcb2f36d0bb3fb3e78f1ba1f1d5240a985956a253afbcc726422e16a0618c2"},
      {"ip-10-0-0-1.ec2.internal",
       "9e1d52869588fa01e275995f1020b35eb858033848180cd80b23c0973f61330b"}}},
    {"fc00:f853:0ccd:e799::1",
     {{"node-b",
       "288f78939edf77a6e54765514f8c9e7561cb52f59c85ef73a5b0a428cdfb261e"},
      {"node-a",
       "7ad384bf62203a4f17f58369685b1e71a7738db2240837b7370ed018fbf666ba"},
      {"node-c",
       "cdf5c8f8a9916f4cd0e76eb54e68b1fefcb5b602c1b8bd6e8d7a94cccbc00746"}}},
    {"10.20.30.1",
     {{"worker-b",
       "c907072e3516a25bda74bd6684579494d0f648461781fae48c77ddad3b1e3677", 160},
      {"edge-b",
       "3e7a4988aab779913343c0d23343ca0f23d184c668bc6455de0b1f22a3448666", 100},
      {"edge-a",
       "c4464d2e28fe7b132fe0eecafa057f466f47cd7b08e1a3ec6d9a5dc76fee3d55", 100},
      {"worker-a",
       "734e3469feb059f2acbe95bffb77dde49438bdd79a822a94c9700fcb5b2483b3", 0}}},
};

TEST(RankTest, GivesMetallbsOrderAndDigestsForEveryOrderOfCandidates) {
  for (const Vector& vector : kVectors) {
    SCOPED_TRACE(vector.address);
    const std::string subject = net::ParseIpAddress(vector.address)->ToString();
    std::vector<size_t> order(vector.ranked.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
      std::vector<Candidate> candidates;
      for (const size_t i : order) {
        candidates.push_back({vector.ranked[i].node, vector.ranked[i].score});
      }
      const std::vector<RankedNode> ranked = Rank(candidates, subject);
      ASSERT_EQ(ranked.size(), vector.ranked.size());
      for (size_t i = 0; i < ranked.size(); ++i) {
        EXPECT_EQ(ranked[i].node, vector.ranked[i].node);
        EXPECT_EQ(ranked[i].score, vector.ranked[i].score);
        EXPECT_EQ(ToHex(ranked[i].digest), vector.ranked[i].digest);
      }
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST(ComputeDigestTest, EqualsTheDigestOfARanking) {
  const Vector& vector = kVectors[0];
  EXPECT_EQ(ToHex(ComputeDigest("node-a", vector.address)),
            vector.ranked.front().digest);
  EXPECT_NE(ComputeDigest("node-a", "192.168.1.24"),
            ComputeDigest("node-a", "192.168.1.240"));
}

TEST(RankTest, OfNobodyIsEmpty) {
  EXPECT_THAT(Rank({}, "10.0.0.1"), testing::IsEmpty());
}

TEST(ElectLedgerAuthorTest, IsTheFirstForTheSubjectLedger) {
  const std::vector<std::string> members = {"n3", "n1", "n2"};
  const std::vector<Candidate> candidates = {{"n1"}, {"n2"}, {"n3"}};
  EXPECT_EQ(ElectLedgerAuthor(members),
            Rank(candidates, "ledger").front().node);
  EXPECT_EQ(ElectLedgerAuthor({}), std::nullopt);
}

}  // namespace
}  // namespace lb::election
