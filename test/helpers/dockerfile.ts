import { readFileSync } from 'node:fs'
import { DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast'

/** One stage of a Dockerfile: a FROM and what follows it. */
export interface DockerStage {
  /** As in `FROM … AS name`. */
  readonly name: string | null
  /** An image, or the name of an earlier stage. */
  readonly from: string
  readonly instructions: readonly DockerInstruction[]
}

export interface DockerInstruction {
  /** Upper case: COPY, RUN. */
  readonly keyword: string
  /** Words after keyword and flags; of the exec form the strings inside it. */
  readonly words: readonly string[]
  /** Flags with their values: `from` of `COPY --from=build`. */
  readonly flags: ReadonlyMap<string, string>
  /** Written as a JSON array, so that no shell is involved. */
  readonly isExecForm: boolean
}

export function readDockerfile(path: string): DockerStage[] {
  const stages: (DockerStage & { instructions: DockerInstruction[] })[] = []
  for (const instruction of DockerfileParser.parse(readFileSync(path, 'utf8')).getInstructions()) {
    const parsed = parse(instruction)
    if (parsed.keyword === 'FROM') {
      const [from = '', , name = null] = parsed.words
      stages.push({ name, from, instructions: [] })
    } else stages.at(-1)?.instructions.push(parsed)
  }
  return stages
}

function parse(instruction: Instruction): DockerInstruction {
  const json = 'getJSONStrings' in instruction ? (instruction as JSONInstruction).getJSONStrings() : []
  const flags = 'getFlags' in instruction ? (instruction as JSONInstruction).getFlags() : []
  const values = instruction.getArguments().map((argument) => argument.getValue())
  return {
    keyword: instruction.getKeyword(),
    words: json.length > 0 ? json.map((argument) => argument.getJSONValue()) : values,
    flags: new Map(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    isExecForm: json.length > 0,
  }
}
