// swift-tools-version: 6.0
import PackageDescription

// One target a room, imports in one direction only: each target lists everything it may import.
let package = Package(
  name: "graft",
  platforms: [.macOS(.v15)],
  products: [
    .library(
      name: "Graft",
      targets: [
        "Files", "DenseMath", "Hub", "Checkpoints", "Tokenization", "Transformer", "Evaluation", "Training",
        "Interpretability", "Stitching", "Atlas", "Reporting",
      ]),
    .executable(name: "graft", targets: ["graft"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: [
    .target(
      name: "CBuildCommit",
      cSettings: [.define("GRAFT_COMMIT", to: "\"\(Context.environment["GRAFT_COMMIT"] ?? "")\"")]),
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CFigure"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CSentencePiece", linkerSettings: [.linkedLibrary("sentencepiece")]),
    .target(name: "CVectorMath"),
    .target(name: "Files", dependencies: ["COpenSSL"]),
    .target(name: "DenseMath", dependencies: ["COpenBLAS", "CVectorMath"]),
    .target(name: "Hub", dependencies: ["Files", "CCurl"]),
    .target(name: "Checkpoints", dependencies: ["Files", "DenseMath"]),
    .target(name: "Tokenization", dependencies: ["Files", "CSentencePiece"]),
    .target(
      name: "Transformer", dependencies: ["Files", "DenseMath", "Hub", "Checkpoints", "Tokenization"]),
    .target(name: "Evaluation", dependencies: ["Files", "DenseMath", "Tokenization", "Transformer"]),
    .target(
      name: "Training",
      dependencies: ["Files", "DenseMath", "Checkpoints", "Tokenization", "Transformer", "Evaluation"]),
    .target(
      name: "Interpretability",
      dependencies: ["Files", "DenseMath", "Checkpoints", "Tokenization", "Transformer", "Evaluation", "Training"]),
    .target(
      name: "Stitching",
      dependencies: ["Files", "DenseMath", "Checkpoints", "Tokenization", "Transformer", "Evaluation"]),
    .target(
      name: "Atlas",
      dependencies: [
        "Files", "DenseMath", "Tokenization", "Transformer", "Interpretability",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(
      name: "Reporting",
      dependencies: [
        "CFigure", "Files", "DenseMath", "Hub", "Checkpoints", "Tokenization", "Transformer", "Evaluation",
        "Interpretability",
        "Stitching", "Atlas",
      ]),
    .target(
      name: "Explorer",
      dependencies: [
        "Files", "DenseMath", "Tokenization", "Transformer", "Evaluation", "Interpretability", "Atlas", "Reporting",
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ]),
    .executableTarget(
      name: "graft",
      dependencies: [
        "CBuildCommit", "Files", "DenseMath", "Hub", "Checkpoints", "Tokenization", "Transformer", "Evaluation",
        "Training",
        "Interpretability", "Stitching", "Atlas", "Reporting", "Explorer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .executableTarget(
      name: "graft-bench",
      dependencies: [
        "DenseMath", "Files", "Checkpoints", "Tokenization", "Transformer", "Evaluation", "Training",
        "Interpretability", "Stitching",
      ],
      path: "evaluation/bench/graft-bench"),
    .executableTarget(
      name: "graft-fuzz",
      dependencies: [
        "Files", "DenseMath", "Checkpoints", "Tokenization", "Transformer", "Evaluation", "TestSupport",
      ],
      path: "evaluation/fuzz/graft-fuzz"),

    .target(
      name: "TestSupport", dependencies: ["Files", "DenseMath", "Checkpoints", "Transformer"], path: "Tests/TestSupport"
    ),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport", "Files"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "COpenSSL", "TestSupport"]),
    .testTarget(name: "DenseMathTests", dependencies: ["DenseMath", "TestSupport"]),
    .testTarget(name: "HubTests", dependencies: ["Hub", "Files", "TestSupport"]),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "Files", "DenseMath", "Transformer", "TestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "TokenizationTests", dependencies: ["Tokenization", "Files", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "TransformerTests", dependencies: ["Transformer", "Checkpoints", "DenseMath", "Files", "TestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "EvaluationTests", dependencies: ["Evaluation", "Transformer", "Files", "DenseMath", "TestSupport"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Evaluation", "Tokenization", "Transformer", "Checkpoints", "DenseMath", "Files", "TestSupport",
      ]),
    .testTarget(
      name: "InterpretabilityTests",
      dependencies: [
        "Interpretability", "Evaluation", "Stitching", "Training", "Tokenization", "Checkpoints", "DenseMath", "Files",
        "Transformer", "TestSupport",
      ]),
    .testTarget(
      name: "StitchingTests",
      dependencies: [
        "Stitching", "Evaluation", "Tokenization", "Transformer", "Checkpoints", "DenseMath", "Files", "TestSupport",
      ], exclude: ["Fixtures"]),
    .testTarget(
      name: "AtlasTests",
      dependencies: [
        "Atlas", "DenseMath", "Files", "Interpretability", "Tokenization", "Transformer", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "ExplorerTests",
      dependencies: [
        "Explorer", "Reporting", "Interpretability", "Evaluation", "Transformer", "Tokenization", "DenseMath", "Files",
        "TestSupport",
      ]),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting", "Transformer", "Files", "TestSupport"]),
    .testTarget(
      name: "GraftCommandTests",
      dependencies: ["graft", "Files", "DenseMath", "Checkpoints", "Transformer", "Reporting", "TestSupport"],
      exclude: ["Fixtures"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
