// Frame transports with a defect: frames that are lost or say something wrong.
#ifndef LB_TESTS_SIM_CHAOS_ALTERED_FRAMES_H_
#define LB_TESTS_SIM_CHAOS_ALTERED_FRAMES_H_

#include <memory>

#include "lb/io/frame_transport.h"
#include "lb/io/loop.h"
#include "tests/sim/chaos/defect.h"

namespace lb::chaos {

// Null: the defect is not one of frames. `frames` and `loop` must outlive it.
std::unique_ptr<io::FrameTransport> AlterFrames(io::FrameTransport* frames,
                                                const io::Loop* loop,
                                                Defect defect);

}  // namespace lb::chaos

#endif  // LB_TESTS_SIM_CHAOS_ALTERED_FRAMES_H_
