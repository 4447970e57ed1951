import type { SeededGenerator } from '@tributary/router';
import { between, pick, pickSome } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const DRUGS = [
  'ibuprofen',
  'metformin',
  'amoxicillin',
  'lisinopril',
  'warfarin',
  'omeprazole',
  'sertraline',
  'prednisone',
];
const GROUPS = ['adults', 'children', 'pregnant women', 'older patients', 'patients with asthma', 'athletes'];
const SYMPTOMS = [
  'sharp chest pain on deep breaths',
  'a rash that does not blanch under pressure',
  'morning stiffness of both hands',
  'blurred vision in the left eye',
  'night sweats and weight loss',
  'sudden weakness of the right arm',
  'a dry cough for three weeks',
  'swelling of one calf',
];
const HISTORIES = [
  'type 2 diabetes',
  'atrial fibrillation',
  'a kidney transplant',
  'ulcerative colitis',
  'recent surgery',
];
const FINDINGS = [
  'a troponin within the normal range',
  'a D-dimer above the cut-off',
  'a creatinine that has doubled',
  'low platelets',
];

/** A plain question about a medicine, or a case to diagnose. */
export const medicine: Task = {
  name: 'medicine',
  queries: 520,
  scoring: 'exact',
  answerTokens: [150, 520],
  write: (generator) => (generator.nextInt(5) < 2 ? question(generator) : patient(generator)),
};

function question(generator: SeededGenerator): Prompt {
  const [first = '', second = ''] = pickSome(generator, DRUGS, 2);
  const group = pick(generator, GROUPS);
  const text = pick(generator, [
    `What are the common side effects of ${first} in ${group}?`,
    `Can ${group} take ${first} together with ${second}?`,
    `What is the usual daily dose of ${first} for ${group}, and when should it not be taken with ${second}?`,
  ]);
  return { text, difficulty: 0.22 + 0.14 * generator.nextDouble() };
}

function patient(generator: SeededGenerator): Prompt {
  const symptoms = pickSome(generator, SYMPTOMS, between(generator, 2, 4));
  const text =
    `A ${between(generator, 19, 88)}-year-old ${pick(generator, ['woman', 'man'])} with a history of ${pick(generator, HISTORIES)} presents with ` +
    `${symptoms.join(', ')}. Blood pressure ${between(generator, 85, 190)}/${between(generator, 50, 110)} mmHg, heart rate ${between(generator, 48, 140)}, ` +
    `temperature ${between(generator, 35, 40)}.${between(generator, 0, 9)} °C. Laboratory tests show ${pick(generator, FINDINGS)}. ` +
    `The patient takes ${pickSome(generator, DRUGS, 2).join(' and ')}. What is the most likely diagnosis, and what is the next step in management?`;
  return { text, difficulty: 0.44 + 0.08 * symptoms.length + 0.1 * generator.nextDouble() };
}
