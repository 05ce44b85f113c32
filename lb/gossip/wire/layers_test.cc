// The single layers: label, compound, encryption, and the keyring.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/gossip/wire/compound.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/label.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/testing/vectors.h"

namespace lb::gossip::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Keyring RingOf(const std::vector<Bytes>& keys) {
  Keyring keyring;
  for (const Bytes& key : keys) EXPECT_THAT(keyring.Add(key), IsOk());
  return keyring;
}

TEST(LabelTest, SplitsWhatItMakes) {
  for (const size_t size : {1u, 4u, 255u}) {
    const std::string label(size, 'x');
    Bytes bytes = LabelHeader(label);
    EXPECT_EQ(bytes.size(), size + 2);
    for (size_t cut = 1; cut < bytes.size(); ++cut) {
      EXPECT_THAT(SplitLabel(absl::MakeConstSpan(bytes).first(cut)),
                  StatusIs(absl::StatusCode::kUnavailable));
    }
    bytes.push_back(0x2a);
    const auto labelled = SplitLabel(bytes);
    ASSERT_THAT(labelled, IsOk());
    EXPECT_EQ(labelled->label, label);
    EXPECT_THAT(labelled->rest, ElementsAre(0x2a));
  }
}

TEST(LabelTest, IsOptionalButNeverEmpty) {
  EXPECT_THAT(LabelHeader(""), IsEmpty());
  const Bytes plain = {0, 1};
  EXPECT_THAT(SplitLabel(plain)->rest, ElementsAre(0, 1));
  EXPECT_THAT(SplitLabel({0xf4, 0x00, 0x01}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CompoundTest, SplitsWhatItMakes) {
  for (const size_t count : {1u, 2u, 127u, 128u, 255u}) {
    const std::vector<Bytes> parts(count, Bytes{1, 2, 3});
    const Bytes bytes = MakeCompound(parts);
    const auto compound = SplitCompound(absl::MakeConstSpan(bytes).subspan(1));
    ASSERT_THAT(compound, IsOk());
    EXPECT_THAT(compound->parts, SizeIs(count));
    EXPECT_EQ(compound->missing, 0);
  }
  const Bytes large = MakeCompound({Bytes(kCompoundPartSizeMax)});
  EXPECT_EQ(
      SplitCompound(absl::MakeConstSpan(large).subspan(1))->parts[0].size(),
      kCompoundPartSizeMax);
}

TEST(CompoundTest, KeepsThePartsBeforeACut) {
  const Bytes bytes = MakeCompound({{1, 2}, {3}, {4, 5, 6}});
  // Count, three sizes; then the parts end at 9, 10 and 13.
  const absl::Span<const uint8_t> body = absl::MakeConstSpan(bytes).subspan(1);
  for (size_t size = 0; size < body.size(); ++size) {
    SCOPED_TRACE(size);
    const auto compound = SplitCompound(body.first(size));
    if (size < 7) {
      EXPECT_THAT(compound, StatusIs(absl::StatusCode::kInvalidArgument));
      continue;
    }
    ASSERT_THAT(compound, IsOk());
    const size_t whole = size < 9 ? 0 : size < 10 ? 1 : 2;
    EXPECT_THAT(compound->parts, SizeIs(whole));
    EXPECT_EQ(compound->missing, static_cast<int>(3 - whole));
  }
}

TEST(CompoundTest, RejectsNoParts) {
  EXPECT_THAT(SplitCompound({0x00}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(EncryptionTest, OpensWhatItSeals) {
  const Bytes aad = {9, 9};
  for (const size_t key_size : {16u, 24u, 32u}) {
    const Bytes key(key_size, 0x42);
    for (const EncryptionVersion version :
         {EncryptionVersion::kPadded, EncryptionVersion::kUnpadded}) {
      for (const size_t size : {1u, 15u, 16u, 17u, 1400u}) {
        const Bytes plain(size, 7);
        const Bytes sealed = Seal({version, key, CountingNonce()}, plain, aad);
        EXPECT_EQ(sealed.size(), SealedSize(version, size));
        EXPECT_LE(sealed.size(), size + EncryptionOverhead(version));
        EXPECT_THAT(Open(RingOf({Bytes(16, 1), key}), sealed, aad),
                    IsOkAndHolds(plain));
      }
    }
  }
}

TEST(EncryptionTest, RefusesAnyFlippedByteAnotherKeyAndOtherAad) {
  const Bytes key(16, 0x42);
  const Bytes plain = {1, 2, 3};
  const Bytes sealed =
      Seal({EncryptionVersion::kUnpadded, key, CountingNonce()}, plain, {});
  const Keyring keyring = RingOf({key});
  for (size_t at = 0; at < sealed.size(); ++at) {
    Bytes flipped = sealed;
    flipped[at] ^= 0x80;
    EXPECT_THAT(Open(keyring, flipped, {}),
                StatusIs(absl::StatusCode::kUnauthenticated));
    EXPECT_THAT(Open(keyring, absl::MakeConstSpan(sealed).first(at), {}),
                StatusIs(absl::StatusCode::kUnauthenticated));
  }
  EXPECT_THAT(Open(RingOf({Bytes(16, 1)}), sealed, {}),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Open(Keyring(), sealed, {}),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Open(keyring, sealed, Bytes{1}),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Open(keyring, sealed, {}), IsOkAndHolds(plain));
}

// GCM does not authenticate the version byte, so an unpadded payload that says
// it is padded opens, and its last byte is anything. The original panics here.
TEST(EncryptionTest, ChecksPadding) {
  const Bytes key(16, 0x42);
  const struct {
    std::string name;
    Bytes plain;
  } kCases[] = {
      {"zero", Bytes(16, 0)},
      {"above a block", Bytes(32, 17)},
      {"unequal", {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3}},
      {"255", Bytes(16, 255)},
      {"no whole blocks", Bytes(17, 1)},
      {"nothing left", Bytes(16, 16)},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    Bytes sealed = Seal({EncryptionVersion::kUnpadded, key, CountingNonce()},
                        test.plain, {});
    sealed[0] = 0;
    EXPECT_THAT(Open(RingOf({key}), sealed, {}),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

// Real nodes crash on such a payload.
TEST(EncryptionTest, RefusesAnEmptyPlaintext) {
  // NIST GCM test case 1: zero key, zero nonce, no data.
  Bytes sealed(13, 0);
  sealed[0] = 1;
  const Bytes tag = FromHex("58e2fccefa7e3061367f1d57a4e7455a");
  sealed.insert(sealed.end(), tag.begin(), tag.end());
  EXPECT_THAT(Open(RingOf({Bytes(16, 0)}), sealed, {}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       testing::HasSubstr("0 bytes")));
}

TEST(KeyringTest, RotatesKeys) {
  const Bytes a(16, 'a'), b(32, 'b'), c(24, 'c');
  Keyring keyring = RingOf({a, b, a});
  EXPECT_THAT(keyring.keys(), ElementsAre(a, b));
  EXPECT_THAT(keyring.Use(c), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(keyring.Add(c), IsOk());
  EXPECT_THAT(keyring.Use(c), IsOk());
  EXPECT_THAT(keyring.keys(), ElementsAre(c, a, b));
  EXPECT_THAT(keyring.Remove(c),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(keyring.Remove(a), IsOk());
  EXPECT_THAT(keyring.Remove(a), IsOk());
  EXPECT_THAT(keyring.keys(), ElementsAre(c, b));
}

TEST(KeyringTest, RefusesKeysOfOtherSizes) {
  Keyring keyring;
  for (const size_t size : {0u, 15u, 17u, 31u, 33u}) {
    EXPECT_THAT(keyring.Add(Bytes(size)),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_TRUE(keyring.empty());
}

// MetalLB from 0.16.2 on; as `printf A... | sha256sum` prints it.
TEST(MetallbKeyTest, IsTheHashOfTheSecret) {
  EXPECT_EQ(ToHex(MetallbKey("AAAAAAAAAAAAAAAAAAAAAA", KeyDerivation::kSha256)),
            "8a5bdb4cc15164126c6ef2668de9dd24"
            "0d299ce6397a42c95a9411b93d080ed8");
  EXPECT_EQ(ToHex(MetallbKey("", KeyDerivation::kSha256)),
            "e3b0c44298fc1c149afbf4c8996fb924"
            "27ae41e4649b934ca495991b7852b855");
}

TEST(MetallbKeyTest, LegacyFillsUpWithTheHashOfNothing) {
  constexpr auto kLegacy = KeyDerivation::kLegacy;
  EXPECT_EQ(ToHex(MetallbKey("AAAAAAAAAAAAAAAAAAAAAA", kLegacy)),
            "41414141414141414141414141414141414141414141"
            "e3b0c44298fc1c149afb");
  EXPECT_EQ(ToHex(MetallbKey("", kLegacy)),
            "e3b0c44298fc1c149afbf4c8996fb924"
            "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(MetallbKey(std::string(40, 'x'), kLegacy), Bytes(32, 'x'));
}

TEST(KeyringTest, ASecretIsTwoKeysOfWhichOneEncrypts) {
  for (const auto derivation :
       {KeyDerivation::kSha256, KeyDerivation::kLegacy}) {
    const auto other = derivation == KeyDerivation::kSha256
                           ? KeyDerivation::kLegacy
                           : KeyDerivation::kSha256;
    Keyring keyring;
    ASSERT_THAT(keyring.AddSecret("old", derivation), IsOk());
    ASSERT_THAT(keyring.AddSecret("new", derivation), IsOk());
    ASSERT_THAT(keyring.AddSecret("new", derivation), IsOk());
    EXPECT_EQ(keyring.secret_count(), 2u);
    EXPECT_EQ(keyring.keys().size(), 4u);
    EXPECT_EQ(keyring.keys().front(), MetallbKey("old", derivation));
    ASSERT_THAT(keyring.UseSecret("old", other), IsOk());
    EXPECT_EQ(keyring.keys().front(), MetallbKey("old", other));
    EXPECT_THAT(keyring.RemoveSecret("old"),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_EQ(keyring.keys().size(), 4u);
    ASSERT_THAT(keyring.UseSecret("new", derivation), IsOk());
    ASSERT_THAT(keyring.RemoveSecret("old"), IsOk());
    EXPECT_THAT(keyring.keys(), ElementsAre(MetallbKey("new", derivation),
                                            MetallbKey("new", other)));
    EXPECT_FALSE(keyring.HasSecret("old"));
    EXPECT_THAT(keyring.UseSecret("old", derivation),
                StatusIs(absl::StatusCode::kNotFound));
  }
}

// Secrets that differ only after 32 bytes have one legacy key.
TEST(KeyringTest, AKeyOfTwoSecretsStaysWithTheOtherOne) {
  const std::string secret(32, 'x');
  Keyring keyring;
  ASSERT_THAT(keyring.AddSecret(secret, KeyDerivation::kLegacy), IsOk());
  ASSERT_THAT(keyring.AddSecret(secret + "\n", KeyDerivation::kLegacy), IsOk());
  EXPECT_EQ(keyring.keys().size(), 3u);
  ASSERT_THAT(keyring.RemoveSecret(secret), IsOk());
  EXPECT_THAT(keyring.keys(),
              ElementsAre(Bytes(32, 'x'),
                          MetallbKey(secret + "\n", KeyDerivation::kSha256)));
  EXPECT_THAT(keyring.RemoveSecret(secret + "\n"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace lb::gossip::wire
