/** The layers of docs/architecture.md, enforced. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'kafkajs-in-lib-kafka-only',
      comment:
        'Everything above lib/kafka runs without a broker; tests of the embedded broker drive it with the real client.',
      severity: 'error',
      from: { pathNot: '^(lib/kafka|test)/' },
      to: { path: 'node_modules/(kafkajs|@kafkajs/confluent-schema-registry)' },
    },
    {
      name: 'pure-code-stays-pure',
      comment: 'lib/stream and lib/sketch know records and numbers: no I/O, no Kafka, no configuration loading.',
      severity: 'error',
      from: { path: '^lib/(stream|sketch)/' },
      to: { path: '^(lib/(kafka|embedded|ops|cli|avro)|producers|consumers)/' },
    },
    {
      name: 'stages-meet-on-topics',
      severity: 'error',
      from: { path: '^consumers/([^/]+)/' },
      to: { path: '^consumers/([^/]+)/', pathNot: '^consumers/$1/' },
    },
    {
      name: 'schemas-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^schemas/' },
      to: { path: '^(lib|producers|consumers|test)/' },
    },
    {
      name: 'the-embedded-broker-stands-alone',
      severity: 'error',
      from: { path: '^lib/embedded/' },
      to: { path: '^(lib/(kafka|stream|sketch|cli)|producers|consumers)/' },
    },
    {
      name: 'formats-know-nobody',
      comment: 'What a client and a broker both read and write: neither owns it.',
      severity: 'error',
      from: { path: '^lib/wire/' },
      to: { path: '^(lib/(?!wire/)|producers|consumers|schemas)' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '(\\.d\\.ts$|^test/|^bin/|\\.cjs$)' },
      to: {},
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      severity: 'error',
      from: { path: '^(bin|schemas|lib|producers|consumers)/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.json'] },
  },
}
