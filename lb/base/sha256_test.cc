#include "lb/base/sha256.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "lb/base/bytes.h"

namespace lb {
namespace {

std::string Hex(const Sha256::Digest& digest) {
  return absl::BytesToHexString(std::string(AsText(digest)));
}

// FIPS 180-2, appendix B, and the digest of no bytes.
constexpr char kOfNothing[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kOfAbc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, GivesTheStandardsDigests) {
  EXPECT_EQ(Hex(Sha256::Of("")), kOfNothing);
  EXPECT_EQ(Hex(Sha256::Of("abc")), kOfAbc);
}

TEST(Sha256Test, AddsUpPieces) {
  EXPECT_EQ(Hex(Sha256().Add("a").Add("").Add("bc").Finish()), kOfAbc);
}

TEST(Sha256Test, StartsAnewAfterEachDigest) {
  Sha256 sha256;
  EXPECT_EQ(Hex(sha256.Finish()), kOfNothing);
  EXPECT_EQ(Hex(sha256.Add("abc").Finish()), kOfAbc);
  EXPECT_EQ(Hex(sha256.Add("abc").Finish()), kOfAbc);
  EXPECT_EQ(Hex(sha256.Finish()), kOfNothing);
}

}  // namespace
}  // namespace lb
