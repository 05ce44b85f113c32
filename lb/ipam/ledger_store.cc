#include "lb/ipam/ledger_store.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "fmt/format.h"
#include "lb/ipam/ledger_codec.h"

namespace lb::ipam {
namespace {

constexpr int kFiles = 2;

std::string NameOf(uint64_t generation) {
  return fmt::format("ledger.{}", generation % kFiles);
}

}  // namespace

RestoredLedger LedgerStore::Restore() {
  RestoredLedger restored = {.written_at = absl::UnixEpoch()};
  for (int i = 0; i < kFiles; ++i) {
    const std::string name = NameOf(i);
    const absl::StatusOr<std::string> bytes = store_->Read(name);
    if (absl::IsNotFound(bytes.status())) continue;
    absl::StatusOr<LedgerFile> file =
        bytes.ok() ? ParseFile(*bytes) : bytes.status();
    if (!file.ok()) {
      const std::string why = absl::StrCat(name, ": ", file.status().message());
      restored.refused.push_back(absl::Status(file.status().code(), why));
    } else if (file->generation > restored.generation) {
      restored.generation = file->generation;
      restored.written_at = file->written_at;
      restored.records = std::move(file->records);
    }
  }
  generation_ = restored.generation;
  return restored;
}

void LedgerStore::Save(const Ledger& ledger, absl::Time now,
                       io::StateStore::OnWritten on_written) {
  const uint64_t generation = ++generation_;
  store_->Write(NameOf(generation),
                SerializeFile({.generation = generation,
                               .written_at = now,
                               .records = ledger.AllRecords()}),
                [this, generation, on_written = std::move(on_written)](
                    absl::Status written) mutable {
                  // The next try has the same file: the other is intact.
                  if (!written.ok() && generation == generation_) {
                    --generation_;
                  }
                  if (on_written) on_written(std::move(written));
                });
}

}  // namespace lb::ipam
