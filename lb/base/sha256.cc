#include "lb/base/sha256.h"

#include "lb/base/check.h"
#include "openssl/evp.h"

namespace lb {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  LB_CHECK(context_ != nullptr);  // Fails only without memory.
  LB_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::Digest Sha256::Of(std::string_view bytes) {
  Digest digest;
  LB_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr,
                      EVP_sha256(), nullptr) == 1);
  return digest;
}

Sha256& Sha256::Add(std::string_view bytes) {
  Begin();
  LB_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  return *this;
}

Sha256::Digest Sha256::Finish() {
  Begin();
  Digest digest;
  LB_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  begun_ = false;
  return digest;
}

void Sha256::Begin() {
  if (begun_) return;
  // A null type keeps the algorithm and starts a new digest.
  LB_CHECK(EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1);
  begun_ = true;
}

void Sha256::Free::operator()(EVP_MD_CTX* context) const {
  EVP_MD_CTX_free(context);
}

}  // namespace lb
