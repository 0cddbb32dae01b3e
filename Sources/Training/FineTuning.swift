import Checkpoints
import DenseMath
import Transformer

/// The settings of fine-tuning.
package struct FineTuningSettings: Sendable, Equatable {
  package var epochs: Int
  /// Texts per step.
  package var batchSize: Int
  /// The largest learning rate.
  package var learningRate: Double
  /// The share of the steps in which the rate rises to it; then it falls linearly to 0.
  package var warmup: Double
  /// The norm that gradients are scaled down to; nil for none.
  package var clip: Double?
  package var weightDecay: Double
  /// Seed of the order of the texts.
  package var seed: UInt64

  package init(
    epochs: Int = 2, batchSize: Int = 16, learningRate: Double = 5e-5, warmup: Double = 0.1, clip: Double? = 1,
    weightDecay: Double = 0.01, seed: UInt64 = 42
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.warmup = warmup
    self.clip = clip
    self.weightDecay = weightDecay
    self.seed = seed
  }
}

/// A fine-tuning run, one step at a time. Each epoch has a random order of all texts, drawn from the seed, so that a
/// state stored after any step continues with the same bits.
package struct FineTuning {
  package let trainable: Trainable
  package let settings: FineTuningSettings
  package let schedule: LinearSchedule
  package let stepsInEpoch: Int
  /// The loss of each step.
  package private(set) var losses: [Double] = []
  private let states: FrozenStates
  private let labels: [Int]
  private var optimizer: AdamW
  private let workspace: Workspace
  private let derivatives: DerivativeWorkspace

  /// - Parameter states: of the texts with these `labels`.
  package init(
    _ trainable: Trainable, on states: FrozenStates, labels: [Int], settings: FineTuningSettings, workspace: Workspace
  ) {
    self.trainable = trainable
    self.states = states
    self.labels = labels
    self.settings = settings
    self.workspace = workspace
    derivatives = DerivativeWorkspace(threads: workspace.threads)
    optimizer = AdamW(trainable.parameters, settings: AdamW.Settings(weightDecay: settings.weightDecay))
    stepsInEpoch = (labels.count + settings.batchSize - 1) / settings.batchSize
    let steps = stepsInEpoch * settings.epochs
    schedule = LinearSchedule(
      peak: settings.learningRate, warmup: Int((settings.warmup * Double(steps)).rounded()), steps: steps)
  }

  /// Steps taken.
  package var step: Int { optimizer.steps }

  /// The texts of a step, counted from 0.
  package func texts(ofStep step: Int) -> [Int] {
    let (epoch, place) = (step / stepsInEpoch, step % stepsInEpoch)
    var generator = SplitMix64(seed: settings.seed)
    for _ in 0..<epoch { _ = generator.next() }
    var epochGenerator = SplitMix64(seed: generator.next())
    let order = epochGenerator.permutation(of: labels.count)
    return Array(order[place * settings.batchSize..<min((place + 1) * settings.batchSize, order.count)])
  }

  /// Takes the next step.
  /// - Throws: `TransformerError`; `TrainingError.diverged`, before the weights are changed.
  package mutating func advance() throws {
    let texts = texts(ofStep: step)
    let (h, batch) = try states.states(of: texts, workspace: workspace)
    let loss = try trainable.gradient(
      from: h, batch, labels: texts.map { labels[$0] }, workspace: workspace, derivatives: derivatives
    ).loss
    guard loss.isFinite else { throw TrainingError.diverged(step: step, loss: loss) }
    let rate = schedule.rate(step: step)
    optimizer.step(rate: rate, clip: settings.clip, threads: workspace.threads)
    losses.append(loss)
  }

  /// Writes what `restore` needs: parameters, their running means, the losses.
  /// - Throws: `FileError`.
  package func save(_ path: String) throws {
    var writer = SafetensorsWriter(metadata: ["graft.steps": "\(step)"])
    for (parameter, moments) in zip(trainable.parameters, optimizer.state) {
      writer.add("parameter." + parameter.name, parameter.tensor)
      writer.add("mean." + parameter.name, moments.mean)
      writer.add("square." + parameter.name, moments.square)
    }
    writer.add("losses", shape: [losses.count], doubles: losses)
    try writer.write(to: path)
  }

  /// Continues from a state that `save` wrote.
  /// - Throws: `FileError`, `CheckpointError`, `TrainingError.foreignState`.
  package mutating func restore(_ path: String) throws {
    let file = try SafetensorsFile(path)
    let losses = try file.doubles("losses").values
    guard file.metadata["graft.steps"] == "\(losses.count)", losses.count <= schedule.steps else {
      throw TrainingError.foreignState(
        path: path, expected: "at most \(schedule.steps) steps", found: "\(losses.count) losses")
    }
    var moments: [(mean: Tensor, square: Tensor)] = []
    for parameter in trainable.parameters {
      let values = try file.floats("parameter." + parameter.name, shape: parameter.shape)
      moments.append(
        (
          try file.floats("mean." + parameter.name, shape: parameter.shape),
          try file.floats("square." + parameter.name, shape: parameter.shape)
        ))
      parameter.values.pointer.update(from: values.pointer, count: values.count)
    }
    optimizer.restore(moments, steps: losses.count)
    self.losses = losses
  }
}
