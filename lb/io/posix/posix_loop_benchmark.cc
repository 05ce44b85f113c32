// What it costs to measure a turn of the loop: tasks posted past it, to Asio
// alone, and tasks of the loop, without and with a cause of their own.
//
//   bazel run -c opt //lb/io/posix:posix_loop_benchmark
#include <utility>

#include "absl/base/attributes.h"
#include "absl/functional/any_invocable.h"
#include "asio/io_context.hpp"
#include "asio/post.hpp"
#include "benchmark/benchmark.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/turn_cause.h"

namespace lb::io {
namespace {

// As PosixLoop::Post(), past the loop's measuring.
ABSL_ATTRIBUTE_NOINLINE void PostPast(PosixLoop& loop,
                                      absl::AnyInvocable<void()> task) {
  asio::post(loop.context(), [task = std::move(task)]() mutable { task(); });
}

void NotMeasured(benchmark::State& state) {
  PosixLoop loop;
  for (auto _ : state) {
    PostPast(loop, [] {});
    loop.context().run_one();
  }
}
BENCHMARK(NotMeasured);

void Measured(benchmark::State& state) {
  PosixLoop loop;
  for (auto _ : state) {
    loop.Post([] {});
    loop.context().run_one();
  }
}
BENCHMARK(Measured);

void MeasuredWithACause(benchmark::State& state) {
  PosixLoop loop;
  for (auto _ : state) {
    loop.Post([&] { const TurnCause cause(&loop, "works"); });
    loop.context().run_one();
  }
}
BENCHMARK(MeasuredWithACause);

}  // namespace
}  // namespace lb::io

BENCHMARK_MAIN();
