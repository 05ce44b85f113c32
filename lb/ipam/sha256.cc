#include "lb/ipam/sha256.h"

#include "lb/base/check.h"

namespace lb::ipam {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  LB_CHECK(context_ != nullptr);
  LB_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

Sha256& Sha256::Add(std::string_view bytes) {
  LB_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  return *this;
}

std::string Sha256::Finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  LB_CHECK(EVP_DigestFinal_ex(context_.get(), digest, &size) == 1);
  LB_CHECK(size == kSize);
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace lb::ipam
